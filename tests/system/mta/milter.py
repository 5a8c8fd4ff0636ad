"""A milter (the protocol of sendmail's libmilter, version 6) that answers by what it reads, as spam filters do.

The envelope sender's local part says what to do: "mfreject", "mftempfail", "mfdiscard" at MAIL; "rcpttempfail" at RCPT;
"datareject", "headertempfail", "headerdiscard", "bodyreject" while the content comes; "reject", "tempfail", "discard",
"quarantine", "reply", "hangup" at the end of the message. There "addrcpt" adds bob@example.com, "delrcpt" takes
maria@example.org off and "chgfrom" makes the sender changed@example.com. A client 203.0.113.77 is refused at connect, a
HELO name "bad.example.com" at HELO. Anything else is let through.
"""

import socketserver
import struct
import threading

_NEGOTIATE, _MACRO, _QUIT, _QUIT_NEW = b"O", b"D", b"Q", b"K"
_CONNECT, _HELO, _MAIL, _RCPT, _DATA, _HEADER, _BODY, _END, _ABORT = b"C", b"H", b"M", b"R", b"T", b"L", b"B", b"E", b"A"
_CONTINUE, _REJECT, _TEMPFAIL, _DISCARD, _REPLY, _QUARANTINE = b"c", b"r", b"t", b"d", b"y", b"q"
_MAY_CHANGE = 0x20 | 0x04 | 0x08 | 0x40  # SMFIF_QUARANTINE, ADDRCPT, DELRCPT, CHGFROM

_ANSWERS = {
    (_MAIL, "mfreject"): _REJECT, (_MAIL, "mftempfail"): _TEMPFAIL, (_MAIL, "mfdiscard"): _DISCARD,
    (_RCPT, "rcpttempfail"): _TEMPFAIL,
    (_DATA, "datareject"): _REJECT, (_HEADER, "headertempfail"): _TEMPFAIL, (_HEADER, "headerdiscard"): _DISCARD,
    (_BODY, "bodyreject"): _REPLY + b"554 5.7.1 Virus found in the body\0",
    (_END, "reject"): _REJECT, (_END, "tempfail"): _TEMPFAIL, (_END, "discard"): _DISCARD,
    (_END, "reply"): _REPLY + b"550 5.7.1 Spam message rejected\0",
}

_CHANGES = {"quarantine": _QUARANTINE + b"looks like phishing\0", "addrcpt": b"+<bob@example.com>\0", "delrcpt": b"-<maria@example.org>\0",
            "chgfrom": b"e<changed@example.com>\0"}


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        who = ""
        while len(header := self.rfile.read(4)) == 4:
            packet = self.rfile.read(struct.unpack("!I", header)[0])
            command, data = packet[:1], packet[1:]
            if command == _QUIT:
                return
            if command in (_MACRO, _ABORT, _QUIT_NEW):
                continue  # these get no answer
            if command == _NEGOTIATE:
                self._answer(_NEGOTIATE + struct.pack("!III", 6, _MAY_CHANGE, 0))
                continue
            if command == _MAIL:
                who = data.split(b"\0")[0].decode("utf-8", "replace").strip("<>").split("@")[0]
            if (command == _CONNECT and b"203.0.113.77" in data) or (command == _HELO and b"bad.example.com" in data):
                self._answer(_REPLY + b"550 5.7.1 not from you\0")
                continue
            if command == _END and who == "hangup":
                return
            if command == _END and who in _CHANGES:
                self._answer(_CHANGES[who])
            self._answer(_ANSWERS.get((command, who), _CONTINUE))

    def _answer(self, packet: bytes) -> None:
        self.wfile.write(struct.pack("!I", len(packet)) + packet)


class Milter:
    """Listens on 127.0.0.1:`port` until close()."""

    def __init__(self, port: int = 8891):
        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), _Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
