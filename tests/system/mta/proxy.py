"""A content filter that speaks SMTP on both sides, command by command, as spam filters in front of a mailbox do.

What the server says on the far side is passed back as it is, so "queued as ID" reaches the near side's log.
`refuse(content)` true: answers 554 after the content and does not pass it on.
"""

import re
import socketserver
import threading

from .client import Session


class SmtpFilter:
    def __init__(self, listen: tuple[str, int], onward: tuple[str, int], refuse):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with Session(*onward, helo="") as far:
                    self._say("220 filter.example.org ESMTP content filter")
                    while line := self.rfile.readline():
                        command = line.decode("utf-8", "replace").rstrip("\r\n")
                        if command.upper() == "DATA":
                            self._data(far)
                            continue
                        reply = far.command(command)
                        if command.upper().startswith("EHLO"):  # only what this filter can do itself
                            kept = [each for each in reply[4:].split("\n") if re.match(r"XFORWARD|8BITMIME|SMTPUTF8|ENHANCED", each)]
                            reply = reply[:4] + "\n".join(["filter.example.org", *kept])
                        self._say(reply)
                        if command.upper() == "QUIT":
                            return

            def _data(self, far):
                self._say("354 go on")
                content = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    content += line[1:] if line.startswith(b"..") else line
                if refuse(content):
                    far.command("RSET")
                    self._say("554 5.7.1 Message refused: virus found (Eicar-Test)")
                    return
                reply = far.command("DATA")
                reply = far.end_of_data(content) if reply.startswith("354") else reply
                self._say(f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10026): {reply}" if reply.startswith("250") else reply)

            def _say(self, reply: str) -> None:
                lines = reply[4:].split("\n")
                out = "".join(f"{reply[:3]}-{each}\r\n" for each in lines[:-1]) + f"{reply[:3]} {lines[-1]}\r\n"
                self.wfile.write(out.encode())

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a peer that hangs up is part of the play; the log and the truth show what came of it

        self._server = Server(listen, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
