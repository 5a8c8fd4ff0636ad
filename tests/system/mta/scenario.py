"""A scenario: mail that is really sent through a server, and the truth about it, told by the two ends of the line.

A scenario function says what shall become of each recipient. When the server is idle again, `Run.finish` holds that
against what the other sides saw (the sinks' transactions, the mailboxes, the replies to the client), and refuses to
write a truth that did not happen. The server's log is never consulted for it.

truth.json: {"scenario", "mta", "version", "distribution", "time_zone", "messages": [{
  "envelope_sender", "message_id" (null: none or not known), "submission": {"method", "login", "client_ip", "user"}, "accepted": bool, "reply", "queue_id",
  "recipients": [{"recipient", "original_recipient", "outcome", "delivered_to", "reply": our server's to RCPT,
                  "times_asked": how often another server was asked to take it and listened,
                  "remote_replies": what those servers answered, in order ("": they hung up)}],
  "bounce": {"recipient", "outcome"} | null}],
 "encounters": [{"kind", "client_ip", "login", "reply"}],   things that happened without a message
 "notes": []}
"""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Callable

from .client import Dialogue
from .exim import Exim
from .postfix import Postfix
from .sandbox import TIME_ZONE
from .sink import Script
from .world import CLIENT, OFFICE, World

REGISTRY: dict[str, dict[str, Callable]] = {"postfix": {}, "exim": {}}

NOT_DELIVERED = ("bounced", "expired", "rejected", "discarded", "deleted", "held", "deferred")


def scenario(*mtas: str):
    """Registers a function under its own name for the servers named (default: both)."""
    def register(function):
        for mta in mtas or ("postfix", "exim"):
            REGISTRY[mta][function.__name__] = function
        return function
    return register


@dataclass
class To:
    """What shall become of one recipient. `original`: the address as given to the server, when it changes it."""
    recipient: str
    outcome: str
    delivered_to: str | None = None  # mailbox, remote, program, file
    original: str | None = None
    sender: str | None = None  # under which the other side got it, when that is not the client's

    @property
    def rcpt(self) -> str:
        return self.original or self.recipient


def remote(address: str, original: str | None = None) -> To:
    return To(address, "delivered", "remote", original)


def mailbox(address: str, original: str | None = None) -> To:
    return To(address, "delivered", "mailbox", original)


def bounced(address: str, original: str | None = None) -> To:
    return To(address, "bounced", None, original)


def rejected(address: str) -> To:
    return To(address, "rejected")


@dataclass
class Message:
    envelope_sender: str
    message_id: str
    submission: dict
    expected: list[To]
    dialogue: Dialogue | None = None
    bounce: To | None = None
    accepted: bool = True
    success_report: bool = False  # a report to the sender is expected that is no bounce
    records: list[dict] = field(default_factory=list)


class Run:
    """One scenario at work. `mta` after start() is the Postfix or the Exim."""

    def __init__(self, name: str, mta_name: str, workdir: Path, on_started: Callable[[Postfix | Exim], None] | None = None):
        """`on_started` is called with the running server before any mail is sent: the place to start a reader of its log."""
        self.name, self.mta_name, self.workdir, self.on_started = name, mta_name, workdir, on_started
        self.mta: Postfix | Exim | None = None
        self.world: World | None = None
        self.messages: list[Message] = []
        self.encounters: list[dict] = []
        self.notes: list[str] = []
        self.keep_traditional = False  # capture.py keeps the RFC 3164 form of the log too

    def start(self, *, scripts: dict[str, Script] | None = None, down: tuple[str, ...] = (), postfix: dict | None = None,
              exim: dict | None = None, **both):
        """`postfix` and `exim` are arguments for the one that runs, `both` for either."""
        self.world = World(scripts, down)
        if self.mta_name == "postfix":
            self.mta = Postfix(self.workdir, **both, **(postfix or {}))
        else:
            self.mta = Exim(self.workdir, **both, **(exim or {}))
        if self.on_started:
            self.on_started(self.mta)
        return self.mta

    @property
    def is_postfix(self) -> bool:
        return self.mta_name == "postfix"

    def content(self, message_id: str, sender: str, headers: dict[str, str] | None = None, body: str = "Hello\n",
                to: str = "undisclosed-recipients:;") -> bytes:
        lines = {"From": f"<{sender}>", "To": to, "Subject": f"Test {self.name}",
                 "Date": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()), "Message-ID": message_id, **(headers or {})}
        text = "".join(f"{name}: {value}\n" for name, value in lines.items() if value is not None) + "\n" + body
        return text.encode()

    def message(self, sender: str, expected: list[To], method: str = "mx", *, login: str | None = None,
                client_ip: str | None = None, user: str | None = None, bounce: To | None = None,
                accepted: bool = True) -> Message:
        """Notes a message that the scenario hands over itself."""
        number = len(self.messages) + 1
        message = Message(sender, f"<{self.name}-{number}@client.example.com>",
                          {"method": method, "login": login, "client_ip": client_ip, "user": user}, expected,
                          bounce=bounce, accepted=accepted)
        self.messages.append(message)
        return message

    def send(self, sender: str, expected: list[To], *, login: str | None = None, source: str | None = None,
             bounce: To | None = None, accepted: bool = True, headers: dict[str, str] | None = None, body: str = "Hello\n",
             helo: str | None = None, port: int = 25, content: bytes | None = None) -> Message:
        """Sends one mail by SMTP, in a session of its own."""
        source = source or (OFFICE if login else CLIENT)
        helo = helo or ("office.example.org" if login else "client.example.com")
        message = self.message(sender, expected, "submission" if login else "mx", login=login, client_ip=source,
                               bounce=bounce, accepted=accepted)
        content = content if content is not None else self.content(message.message_id, sender, headers, body)
        message.dialogue = self.mta.smtp(sender, self.rcpts(expected), content, source=source, helo=helo, login=login, port=port)
        return message

    def sendmail(self, sender: str, expected: list[To], *, user: str = "ana", bounce: To | None = None,
                 args: list[str] | None = None, headers: dict[str, str] | None = None, **run_options) -> Message:
        """Sends one mail with the sendmail command."""
        message = self.message(sender, expected, "local", user=user, bounce=bounce)
        args = args if args is not None else ["-i", *self.rcpts(expected)]
        self.mta.sendmail(args, self.content(message.message_id, sender, headers, to=", ".join(self.rcpts(expected))),
                          user=user, **run_options)
        return message

    @staticmethod
    def rcpts(expected: list[To]) -> list[str]:
        return list(dict.fromkeys(to.rcpt for to in expected))

    def encounter(self, kind: str, *, client_ip: str, reply: str, login: str | None = None) -> None:
        self.encounters.append({"kind": kind, "client_ip": client_ip, "login": login, "reply": reply})

    def finish(self) -> dict:
        """Checks what was expected against what happened; returns the truth or raises AssertionError."""
        transactions = self.world.transactions()
        for message in self.messages:
            if message.dialogue is not None:  # else the scenario used a client that keeps no replies
                assert message.dialogue.accepted == message.accepted, f"{message.message_id}: {message.dialogue}"
            for to in message.expected:
                message.records.append(self._check(message, to, transactions))
            self._check_bounce(message, transactions)
        return {
            "scenario": self.name, "mta": self.mta_name, "version": self.mta.version,
            "distribution": _distribution(), "time_zone": TIME_ZONE,
            "messages": [self._record(message) for message in self.messages],
            "encounters": self.encounters, "notes": self.notes,
        }

    def _check(self, message: Message, to: To, transactions) -> dict:
        asked, taken = [], False
        for transaction in transactions:
            if transaction.sender.lower() != (to.sender or message.envelope_sender).lower():
                continue
            for address, reply in transaction.recipients:
                if address.lower() == to.recipient.lower():
                    if transaction.content and message.message_id and message.message_id not in transaction.content:
                        continue
                    end = transaction.per_recipient_end.get(address, transaction.end_reply)
                    asked.append(reply if not reply.startswith("2") or not transaction.content else end)
                    taken |= address in transaction.taken()
        about = f"{message.message_id} to {to.recipient}"
        if to.outcome == "delivered" and to.delivered_to == "remote":
            assert taken, f"{about}: no sink took it"
        elif to.outcome == "delivered" and to.delivered_to == "mailbox":
            assert message.message_id in self._mailbox(to.recipient), f"{about}: not in the mailbox"
        elif to.outcome in NOT_DELIVERED:
            assert not taken, f"{about}: a sink took it"
            assert message.message_id not in self._mailbox(to.recipient) or self._is_dsn_only(message, to), f"{about}: in the mailbox"
        rcpt_reply = message.dialogue.rcpt_replies.get(to.rcpt) if message.dialogue else None
        if to.outcome == "rejected" and message.dialogue is not None:
            dialogue = message.dialogue
            said = [dialogue.mail_reply, rcpt_reply or "", dialogue.data_reply, dialogue.end_reply]
            assert any(reply[:1] in ("4", "5") for reply in said), f"{about}: not rejected: {dialogue}"
        return {"recipient": to.recipient, "original_recipient": to.original, "outcome": to.outcome, "delivered_to": to.delivered_to,
                "reply": rcpt_reply, "times_asked": len(asked), "remote_replies": asked}

    def _mailbox(self, address: str) -> str:
        user = address.split("@")[0].split("+")[0].lower()
        text = self.mta.mailbox(user)
        vmail = self.mta.sandbox.path(f"/var/vmail/{user}")
        if vmail.exists():
            text += "".join(path.read_text(errors="replace") for path in vmail.rglob("*") if path.parent.name in ("new", "cur"))
        return text

    def _is_dsn_only(self, message: Message, to: To) -> bool:
        """A bounce quotes the Message-ID: the sender's own mailbox holds it without having got the mail."""
        text = self._mailbox(to.recipient)
        return text.count(message.message_id) == text.count("\nMessage-ID: " + message.message_id) and "multipart/report" in text

    def _check_bounce(self, message: Message, transactions) -> None:
        if not message.message_id:
            return  # nothing by which a bounce could be known
        reports = [t for t in transactions if t.sender == "" and t.content and message.message_id in t.content]
        if message.bounce is None and not message.success_report:
            for report in reports:
                raise AssertionError(f"{message.message_id}: a bounce nobody expected, to {report.recipients}")
        elif message.bounce is not None and message.bounce.outcome == "delivered" and message.bounce.delivered_to == "remote":
            assert any(message.bounce.recipient in t.taken() for t in reports), f"{message.message_id}: no bounce arrived"
        elif message.bounce is not None and message.bounce.outcome == "delivered":
            text = self._mailbox(message.bounce.recipient)
            assert message.message_id in text and "MAILER-DAEMON" in text.upper(), f"{message.message_id}: no bounce in the mailbox"

    def _record(self, message: Message) -> dict:
        dialogue = message.dialogue
        reply = None
        if dialogue is not None:
            reply = dialogue.end_reply or dialogue.data_reply or dialogue.mail_reply
        return {
            "envelope_sender": message.envelope_sender, "message_id": message.message_id, "submission": message.submission,
            "accepted": message.accepted, "reply": reply, "queue_id": dialogue.queue_id if dialogue else None,
            "recipients": message.records,
            "bounce": {key: value for key, value in asdict(message.bounce).items() if key != "original"} if message.bounce else None,
        }

    def stop(self) -> None:
        if self.mta:
            self.mta.stop()
        if self.world:
            self.world.close()


def _distribution() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "unknown"


def write_truth(path: Path, truth: dict) -> None:
    path.write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n")
