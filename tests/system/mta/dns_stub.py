"""A name server for a made-up internet: A, AAAA, MX and PTR from a table, on UDP.

A name of the zone without the asked type gets an empty answer; an unknown name gets NXDOMAIN.
Names in `servfail` get SERVFAIL, names in `silent` no answer at all.
"""

import ipaddress
import socket
import struct
import threading

_TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
_NOERROR, _SERVFAIL, _NXDOMAIN = 0, 2, 3


def _encode_name(name: str) -> bytes:
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _encode_data(kind: str, value: str) -> bytes:
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        preference, host = value.split()
        return struct.pack("!H", int(preference)) + _encode_name(host)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode("ascii")
    return _encode_name(value)


class DnsStub:
    """`zone`: {name: {"MX": ["10 mx.example.net."], "A": [...]}}. PTR records are made from the A and AAAA ones."""

    def __init__(self, zone: dict[str, dict[str, list[str]]], servfail: set[str] = frozenset(),
                 silent: set[str] = frozenset(), address: str = "127.0.0.53"):
        self._zone = {name: dict(records) for name, records in zone.items()}
        for name, records in zone.items():
            for value in records.get("A", []) + records.get("AAAA", []):
                pointer = ipaddress.ip_address(value).reverse_pointer
                self._zone.setdefault(pointer, {}).setdefault("PTR", [name])
        self._servfail, self._silent = servfail, silent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._socket.settimeout(0.2)
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing:
            try:
                query, peer = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            if (reply := self._answer(query)) is not None:
                self._socket.sendto(reply, peer)

    def _answer(self, query: bytes) -> bytes | None:
        identifier, flags = struct.unpack("!HH", query[:4])
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace").lower())
            at += 1 + query[at]
        name, question = ".".join(labels), query[12:at + 5]
        wanted = struct.unpack("!H", query[at + 1:at + 3])[0]
        if name in self._silent:
            return None
        code = _SERVFAIL if name in self._servfail else _NOERROR
        answers = []
        if code == _NOERROR:
            records = self._zone.get(name)
            if records is None and not any(known.endswith("." + name) for known in self._zone):
                code = _NXDOMAIN
            for kind, values in (records or {}).items():
                if _TYPES[kind] == wanted:
                    answers += [_encode_data(kind, value) for value in values]
        header = struct.pack("!HHHHHH", identifier, 0x8400 | (flags & 0x0100) | 0x0080 | code, 1, len(answers), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", wanted, 1, 60, len(data)) + data for data in answers)
        return header + question + body

    def close(self) -> None:
        self._closing = True
        self._thread.join(2)
        self._socket.close()
