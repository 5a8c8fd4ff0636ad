"""An SMTP client that keeps every reply, so that what the server really answered can be told from what was hoped for."""

import base64
import re
import socket
import ssl
from dataclasses import dataclass, field

_QUEUE_ID = re.compile(r"queued as (\S+?)(?:[ )]|$)|OK id=(\S+)")


@dataclass
class Dialogue:
    """One mail as the client tried to hand it over. Replies are "250 2.1.5 Ok"; lines of one reply joined by a newline."""
    mail_reply: str = ""
    rcpt_replies: dict[str, str] = field(default_factory=dict)
    data_reply: str = ""
    end_reply: str = ""

    @property
    def accepted(self) -> bool:
        return self.end_reply.startswith("2")

    @property
    def queue_id(self) -> str | None:
        match = _QUEUE_ID.search(self.end_reply)
        return (match.group(1) or match.group(2)) if match else None


class Session:
    """One connection. `source` is the address to come from."""

    def __init__(self, server: str, port: int = 25, source: str = "127.0.0.1", helo: str = "client.example.com",
                 timeout: float = 30):
        self._socket = socket.create_connection((server, port), timeout, source_address=(source, 0))
        self._stream = self._socket.makefile("rb")
        self.greeting = self._read()
        self.helo_reply = self.command(f"EHLO {helo}") if helo else ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self) -> str:
        lines = []
        while True:
            line = self._stream.readline()
            if not line:
                return "\n".join(lines) or "000 connection closed"
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            if line[3:4] != b"-":
                return lines[0][:4].replace("-", " ") + "\n".join(each[4:] for each in lines)

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def command(self, text: str) -> str:
        try:
            self.write(text.encode("utf-8", "surrogateescape") + b"\r\n")
            return self._read()
        except OSError as error:
            return f"000 {error}"

    def starttls(self, helo: str = "client.example.com") -> str:
        reply = self.command("STARTTLS")
        if reply.startswith("220"):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self._socket = context.wrap_socket(self._socket)
            self._stream = self._socket.makefile("rb")
            self.helo_reply = self.command(f"EHLO {helo}")
        return reply

    def login(self, user: str, password: str) -> str:
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return self.command(f"AUTH PLAIN {token}")

    def mail(self, sender: str, recipients: list[str], content: bytes, mail_parameters: str = "",
             rcpt_parameters: str = "") -> Dialogue:
        """One mail, command by command. Goes on to DATA when at least one recipient was taken."""
        dialogue = Dialogue(self.command(f"MAIL FROM:<{sender}>" + (mail_parameters and " " + mail_parameters)))
        if not dialogue.mail_reply.startswith("2"):
            self.command("RSET")
            return dialogue
        for recipient in recipients:
            dialogue.rcpt_replies[recipient] = self.command(
                f"RCPT TO:<{recipient}>" + (rcpt_parameters and " " + rcpt_parameters))
        if not any(reply.startswith("2") for reply in dialogue.rcpt_replies.values()):
            self.command("RSET")
            return dialogue
        dialogue.data_reply = self.command("DATA")
        if dialogue.data_reply.startswith("354"):
            dialogue.end_reply = self.end_of_data(content)
        return dialogue

    def pipelined(self, sender: str, recipients: list[str], content: bytes) -> Dialogue:
        """The envelope in one write (RFC 2920)."""
        commands = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{recipient}>" for recipient in recipients), "DATA"]
        self.write("".join(command + "\r\n" for command in commands).encode())
        dialogue = Dialogue(self._read())
        for recipient in recipients:
            dialogue.rcpt_replies[recipient] = self._read()
        dialogue.data_reply = self._read()
        if dialogue.data_reply.startswith("354"):
            dialogue.end_reply = self.end_of_data(content)
        return dialogue

    def end_of_data(self, content: bytes) -> str:
        lines = content.replace(b"\r\n", b"\n").split(b"\n")
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
        try:
            self.write(stuffed.removesuffix(b"\r\n") + b"\r\n.\r\n")
            return self._read()
        except OSError as error:
            return f"000 {error}"

    def drop(self) -> None:
        """Hangs up without QUIT."""
        self._socket.close()
        self._stream.close()

    def close(self) -> None:
        try:
            self.command("QUIT")
        finally:
            self.drop()
