"""A scripted SMTP server: the other side of a delivery, which answers what the scenario says and writes down what it got.

A script gives for each place in the dialogue a list of replies, used one after the other; the last one stays. So
`rcpt={"luis@example.net": ["450 4.2.0 later", "250 2.1.5 Ok"]}` refuses the first attempt and takes the second.
A reply is text with its code ("450 4.2.0 later"); a newline in it makes a multi-line reply. DROP closes the
connection instead, STALL says nothing until the client gives up.
"""

import re
import socket
import ssl
import threading
import time
import zlib
from dataclasses import dataclass, field

DROP = "DROP"
STALL = "STALL"
_STALL_SECONDS_MAX = 60

_ADDRESS = re.compile(r'<((?:"(?:\\.|[^"\\])*"|[^">])*)>')  # a quoted local part may hold '>'


@dataclass
class Script:
    greeting: list[str] = field(default_factory=lambda: ["220 {name} ESMTP"])
    ehlo: list[str] = field(default_factory=lambda: ["250"])  # only the code counts when it is 250
    mail: dict[str, list[str]] = field(default_factory=dict)
    rcpt: dict[str, list[str]] = field(default_factory=dict)
    data: list[str] = field(default_factory=lambda: ["354 End data with <CR><LF>.<CR><LF>"])
    end_of_data: list[str] = field(default_factory=lambda: ["250 2.0.0 Ok: queued as {queue_id}"])
    lmtp_end_of_data: dict[str, list[str]] = field(default_factory=dict)
    auth: list[str] = field(default_factory=lambda: ["535 5.7.8 Authentication credentials invalid"])
    quit: list[str] = field(default_factory=lambda: ["221 2.0.0 Bye"])
    capabilities: tuple[str, ...] = ("PIPELINING", "SIZE 10240000", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN")
    starttls: ssl.SSLContext | None = None
    lmtp: bool = False


@dataclass
class Transaction:
    """One MAIL command and what followed, as the sink saw and answered it."""
    sender: str
    mail_reply: str
    recipients: list[tuple[str, str]] = field(default_factory=list)  # address, our reply
    content: str = ""
    end_reply: str = ""  # "" when DATA never ended
    per_recipient_end: dict[str, str] = field(default_factory=dict)  # LMTP only
    at: float = 0.0

    def taken(self) -> list[str]:
        """The recipients that this transaction really took over."""
        if self.per_recipient_end:
            return [address for address, reply in self.per_recipient_end.items() if reply.startswith("2")]
        if not self.end_reply.startswith("2"):
            return []
        return [address for address, reply in self.recipients if reply.startswith("2")]


class Sink:
    """Listens on (`address`, `port`) from construction to close(). One thread for each connection."""

    def __init__(self, address: str, port: int, name: str, script: Script | None = None):
        self.name, self.script = name, script or Script()
        self.transactions: list[Transaction] = []
        self.connections = 0
        self._used: dict[object, int] = {}
        self._lock = threading.Lock()
        self._queue_number = 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, port))
        self._listener.listen(50)
        self._listener.settimeout(0.2)
        self._closing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._thread.join(2)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with self._lock:
                self.connections += 1
            threading.Thread(target=self._session_guarded, args=(connection,), daemon=True).start()

    def _session_guarded(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(_STALL_SECONDS_MAX)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._session(connection)
        except (OSError, EOFError):
            pass  # the client went away: its business, and the transactions say how far it came
        finally:
            connection.close()

    def _next(self, place: object, replies: list[str]) -> str:
        with self._lock:
            used = self._used.get(place, 0)
            self._used[place] = used + 1
        return replies[min(used, len(replies) - 1)]

    def _new_queue_id(self) -> str:
        with self._lock:
            self._queue_number += 1
            return f"{zlib.crc32(self.name.encode()):08X}{self._queue_number:02X}"

    def _session(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")

        def say(reply: str) -> bool:
            """False when the session must end."""
            if reply == STALL:
                connection.settimeout(_STALL_SECONDS_MAX)
                while stream.readline():  # until the client hangs up
                    pass
                return False
            if reply == DROP:
                return False
            code, lines = reply[:3], reply[4:].split("\n")
            out = "".join(f"{code}-{line}\r\n" for line in lines[:-1]) + f"{code} {lines[-1]}\r\n"
            connection.sendall(out.encode("utf-8", "surrogateescape"))
            return True

        greeting = self._next("greeting", self.script.greeting).format(name=self.name)
        if not say(greeting):
            return
        transaction: Transaction | None = None
        while True:
            line = stream.readline()
            if not line:
                return
            text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb = text.split(" ")[0].split(":")[0].upper()
            address = match.group(1) if (match := _ADDRESS.search(text)) else ""
            if not greeting.startswith("220") and verb != "QUIT":
                reply = "503 5.5.1 Service unavailable"
            elif verb in ("EHLO", "HELO", "LHLO"):
                reply = self._next("ehlo", self.script.ehlo)
                if reply.startswith("250"):
                    extra = list(self.script.capabilities) if verb != "HELO" else []
                    if self.script.starttls and verb == "EHLO" and not isinstance(connection, ssl.SSLSocket):
                        extra.append("STARTTLS")
                    reply = "250 " + "\n".join([self.name, *extra])
            elif verb == "STARTTLS" and self.script.starttls:
                say("220 2.0.0 Ready to start TLS")
                connection = self.script.starttls.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rb")
                continue
            elif verb == "AUTH":
                reply = self._next("auth", self.script.auth)
            elif verb == "MAIL":
                reply = self._next(("mail", address), self.script.mail.get(address, ["250 2.1.0 Ok"]))
                transaction = Transaction(address, reply, at=time.time())
                with self._lock:
                    self.transactions.append(transaction)
                if not reply.startswith("2"):
                    transaction = None
            elif verb == "RCPT":
                if transaction is None:
                    reply = "503 5.5.1 Error: need MAIL command"
                else:
                    reply = self._next(("rcpt", address), self.script.rcpt.get(address, ["250 2.1.5 Ok"]))
                    transaction.recipients.append((address, reply))
            elif verb == "DATA":
                accepted = [a for a, r in transaction.recipients if r.startswith("2")] if transaction else []
                reply = self._next("data", self.script.data) if accepted else "554 5.5.1 Error: no valid recipients"
                if reply.startswith("354"):
                    say(reply)
                    if not self._take_content(stream, transaction, accepted, say):
                        return
                    transaction = None
                    continue
            elif verb == "QUIT":
                say(self._next("quit", self.script.quit))
                return
            elif verb in ("RSET", "NOOP"):
                transaction = None if verb == "RSET" else transaction
                reply = "250 2.0.0 Ok"
            else:
                reply = "502 5.5.2 Error: command not recognized"
            if not say(reply):
                return

    def _take_content(self, stream, transaction: Transaction, accepted: list[str], say) -> bool:
        lines = []
        while (line := stream.readline()) not in (b".\r\n", b".\n"):
            if not line:
                raise EOFError
            lines.append(line)
        transaction.content = b"".join(lines).decode("utf-8", "surrogateescape")
        if self.script.lmtp:
            for address in accepted:
                replies = self.script.lmtp_end_of_data.get(address, ["250 2.0.0 <{recipient}> {queue_id} Saved"])
                reply = self._next(("lmtp", address), replies).format(recipient=address, queue_id=self._new_queue_id())
                transaction.per_recipient_end[address] = reply
                if not say(reply):
                    return False
            return True
        transaction.end_reply = self._next("end", self.script.end_of_data).format(queue_id=self._new_queue_id())
        return say(transaction.end_reply)
