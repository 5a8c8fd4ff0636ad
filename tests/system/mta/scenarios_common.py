"""Scenarios that both servers can play."""

import ssl
import subprocess
from pathlib import Path

from .postfix import ALIASES
from .scenario import Run, To, bounced, mailbox, rejected, remote, scenario
from .sink import DROP, STALL, Script
from .world import CLIENT, NAMELESS_CLIENT, OFFICE, SECOND_CLIENT

ANA = "ana@example.org"  # has an account here
EVA = "eva@example.com"  # writes from elsewhere; her server takes bounces
LUIS = "luis@example.net"  # two MX hosts
ROSA = "rosa@moody.example.net"  # one MX host


@scenario()
def delivered_remote(run: Run):
    run.start(with_dovecot=run.is_postfix)
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.mta.wait_idle()


@scenario()
def deferred_then_delivered(run: Run):
    later = "450 4.2.1 <rosa@moody.example.net>: Recipient address rejected: mailbox busy, try again later"
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: [later, later, later, "250 2.1.5 Ok"]})}, with_dovecot=run.is_postfix)
    run.send(ANA, [remote(ROSA)], login=ANA)
    run.keep_traditional = run.is_postfix
    run.mta.wait_idle()


@scenario()
def sent_with_swaks(run: Run):
    """The client is swaks, a real one with habits of its own."""
    run.start(with_dovecot=run.is_postfix)
    for sender, to, extra in ((EVA, mailbox("juan@example.org"), []),
                              (ANA, remote(LUIS), ["--port", "587", "--auth", "PLAIN", "--auth-user", ANA, "--auth-password", "secret",
                                                   "--local-interface", OFFICE, "--ehlo", "office.example.org"]),
                              (EVA, rejected("rosa@moody.example.net"), [])):
        login = ANA if extra else None
        message = run.message(sender, [to], "submission" if login else "mx", login=login, client_ip=OFFICE if login else CLIENT,
                              accepted=to.outcome != "rejected")
        extra = extra or ["--local-interface", CLIENT, "--ehlo", "client.example.com"]
        run.mta.sandbox.run(["swaks", "--server", "192.0.2.10", "--from", sender, "--to", to.recipient, "--silent", "3",
                             "--header", f"Message-Id: {message.message_id}", *extra], check=to.outcome != "rejected")
    run.mta.wait_idle()


@scenario()
def tls_incoming(run: Run):
    key, certificate = make_certificate(run, "mail.example.org")
    files = {"/etc/ssl/mail.pem": key.read_text() + certificate.read_text()}
    run.start(files=files, postfix={"main": {"smtpd_tls_chain_files": "/etc/ssl/mail.pem", "smtpd_tls_security_level": "may",
                                            "smtpd_tls_loglevel": "1"}, "with_dovecot": True},
              exim={"main": "tls_advertise_hosts = *\ntls_certificate = /etc/ssl/mail.pem\ntls_privatekey = /etc/ssl/mail.pem"})
    for sender, expected, login in ((EVA, [mailbox("juan@example.org")], None), (ANA, [remote(LUIS)], ANA),
                                    (EVA, [rejected(LUIS)], None)):
        message = run.message(sender, expected, "submission" if login else "mx", login=login, client_ip=OFFICE if login else CLIENT,
                              accepted=expected[0].outcome != "rejected")
        with run.mta.session(message.submission["client_ip"], 587 if login else 25) as session:
            session.starttls()
            if login:
                session.login(login, "secret")
            message.dialogue = session.mail(sender, run.rcpts(expected), run.content(message.message_id, sender))
    run.mta.wait_idle()


def make_certificate(run: Run, name: str) -> tuple[Path, Path]:
    """A key and a certificate signed by itself."""
    key, certificate = run.workdir / "key.pem", run.workdir / "cert.pem"
    run.workdir.mkdir(parents=True, exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate),
                    "-days", "2", "-subj", f"/CN={name}"], check=True, capture_output=True)
    return key, certificate


@scenario()
def backup_mx(run: Run):
    """Two MX hosts: the first refuses for now, nobody listens on the second; later the first takes it."""
    later = "450 4.2.1 <luis@example.net>: Recipient address rejected: mailbox busy, try again later"
    run.start(scripts={"mx1.example.net": Script(rcpt={LUIS: [later, later, "250 2.1.5 Ok"]})}, down=("mx2.example.net",),
              with_dovecot=run.is_postfix)
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.mta.wait_idle()


@scenario()
def second_mx_takes_it(run: Run):
    run.start(scripts={"mx1.example.net": Script(rcpt={LUIS: ["451 4.3.0 not now"]})}, with_dovecot=run.is_postfix)
    run.send(ANA, [remote(LUIS), remote("luis2@example.net")], login=ANA)
    run.mta.wait_idle()


@scenario()
def greylisted_then_delivered(run: Run):
    grey = "451 4.7.1 Greylisting in action, please come back later"
    run.start(scripts={"mx1.example.net": Script(rcpt={LUIS: [grey, "250 2.1.5 Ok"]}),
                       "mx2.example.net": Script(rcpt={LUIS: [grey, "250 2.1.5 Ok"]})}, with_dovecot=run.is_postfix)
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.mta.wait_idle()


@scenario()
def bounced_with_child(run: Run):
    run.start(scripts={"mx1.example.net": Script(rcpt={"noone@example.net": ["550 5.1.1 <noone@example.net>: Recipient address "
                                                                          "rejected: User unknown in virtual mailbox table"]}),
                       "example.com": Script()}, with_dovecot=run.is_postfix)
    run.send(ANA, [bounced("noone@example.net")], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario()
def multi_recipient_mixed(run: Run):
    run.start(scripts={"moody.example.net": Script(rcpt={
        "full@moody.example.net": ["452 4.2.2 <full@moody.example.net>: Mailbox full"],
        "noone@moody.example.net": ["550-5.1.1 The email account that you tried to reach does not exist.\n5.1.1 Please try "
                                    "double-checking the address"],
        "later@moody.example.net": ["450 4.2.0 <later@moody.example.net>: Recipient address rejected: Greylisted", "250 2.1.5 Ok"]})},
        with_dovecot=run.is_postfix)
    run.send(ANA, [remote(LUIS), remote(ROSA), bounced("noone@moody.example.net"), remote("later@moody.example.net"),
                   To("full@moody.example.net", "deferred"), mailbox("juan@example.org")], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_for_log(r"4\.2\.2.*Mailbox full", count=3)
    run.mta.wait_idle(waiting=("deferred",) if run.is_postfix else 1)


@scenario()
def alias(run: Run):
    run.start()
    run.send(EVA, [mailbox("juan@example.org", "info@example.org")])
    run.send(EVA, [mailbox("ana@example.org", "team@example.org"), mailbox("juan@example.org", "team@example.org"),
                   remote(EVA, "team@example.org")])
    run.send(EVA, [mailbox("ana@example.org", "Postmaster@example.org")])
    run.mta.wait_idle()


@scenario()
def forward(run: Run):
    run.start(files={"/home/juan/.forward": "luis@example.net\n", "/home/maria/.forward": "\\maria, maria@example.com\n"})
    run.send(EVA, [remote(LUIS, "juan@example.org")])
    run.send(EVA, [mailbox("maria@example.org"), remote("maria@example.com", "maria@example.org")])
    run.mta.wait_idle()


@scenario()
def local_mailbox(run: Run):
    run.start()
    run.send(EVA, [mailbox("juan@example.org")])
    run.send(EVA, [mailbox("ana@example.org"), mailbox("Maria@example.org")])
    run.mta.wait_idle()


@scenario()
def local_sendmail_submission(run: Run):
    run.start()
    run.sendmail(ANA, [remote(LUIS)])
    run.sendmail("www-data@example.org", [mailbox("juan@example.org"), remote(EVA)], user="www-data", args=["-t", "-i"])
    run.sendmail("newsletter@example.org", [remote("luis2@example.net")], user="www-data",
                 args=["-i", "-f", "newsletter@example.org", "luis2@example.net"])
    run.mta.wait_idle()


@scenario()
def authenticated_submission(run: Run):
    run.start(with_dovecot=run.is_postfix)
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.send("juan@example.org", [remote("eva@example.com"), mailbox("maria@example.org")], login="juan@example.org")
    run.send("invoices@example.org", [remote("shop@example.com")], login="juan@example.org")
    run.mta.wait_idle()


@scenario()
def failed_login(run: Run):
    run.start(with_dovecot=run.is_postfix)
    with run.mta.session(OFFICE, 587, "office.example.org") as session:
        run.encounter("failed_login", client_ip=OFFICE, login=ANA, reply=session.login(ANA, "wrong"))
        run.encounter("failed_login", client_ip=OFFICE, login="intruder@example.org",
                      reply=session.login("intruder@example.org", "wrong"))
    with run.mta.session(NAMELESS_CLIENT, 587, "[203.0.113.99]") as session:
        run.encounter("failed_login", client_ip=NAMELESS_CLIENT, login="root", reply=session.login("root", "123456"))
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.mta.wait_idle()


@scenario()
def rcpt_reject_relay(run: Run):
    run.start()
    run.send(EVA, [rejected(LUIS)], accepted=False)
    run.send(EVA, [mailbox("juan@example.org"), rejected("luis2@example.net")])
    run.send("", [rejected("luis3@example.net")], accepted=False, source=NAMELESS_CLIENT, helo="[203.0.113.99]")
    run.mta.wait_idle()


@scenario()
def rcpt_reject_unknown_user(run: Run):
    run.start()
    run.send(EVA, [rejected("nobody-here@example.org")], accepted=False)
    run.send(EVA, [rejected("jaun@example.org"), mailbox("juan@example.org"), rejected("mria@example.org")])
    run.mta.wait_idle()


@scenario()
def null_sender(run: Run):
    run.start()
    run.send("", [mailbox("juan@example.org")])
    run.send("", [mailbox("maria@example.org")], source=NAMELESS_CLIENT, helo="mta7.example.net")
    run.mta.wait_idle()


@scenario()
def several_in_one_session(run: Run):
    run.start()
    with run.mta.session() as session:
        for sender, expected in ((EVA, [mailbox("juan@example.org")]), (EVA, [rejected("luis9@example.net")]),
                                 ("bob@example.com", [mailbox("maria@example.org"), rejected("nobody-here@example.org")]),
                                 ("", [mailbox("ana@example.org")])):
            message = run.message(sender, expected, client_ip=CLIENT,
                                  accepted=any(to.outcome == "delivered" for to in expected))
            message.dialogue = session.mail(sender, run.rcpts(expected), run.content(message.message_id, sender))
    run.mta.wait_idle()


@scenario()
def pipelined(run: Run):
    run.start()
    with run.mta.session() as session:
        expected = [mailbox("juan@example.org"), rejected("nobody-here@example.org"), mailbox("maria@example.org")]
        message = run.message(EVA, expected, client_ip=CLIENT)
        message.dialogue = session.pipelined(EVA, run.rcpts(expected), run.content(message.message_id, EVA))
    run.mta.wait_idle()


@scenario()
def client_lost_after_data(run: Run):
    run.start()
    message = run.message(EVA, [To("juan@example.org", "unknown")], client_ip=CLIENT, accepted=False)
    run.notes.append("the client hung up in the middle of the content: this mail was never taken over")
    session = run.mta.session()
    for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<juan@example.org>", "DATA"):
        session.command(command)
    session.write(b"Message-ID: " + message.message_id.encode() + b"\r\n\r\nhal")
    session.drop()
    session = run.mta.session(SECOND_CLIENT, helo="outgoing2.example.com")
    session.command(f"MAIL FROM:<{EVA}>")
    session.drop()
    run.send(EVA, [mailbox("maria@example.org")])
    run.mta.wait_idle()


@scenario()
def connection_refused(run: Run):
    run.start(with_dovecot=run.is_postfix)
    run.send(ANA, [To("rosa@refused.example.net", "deferred")], login=ANA)
    run.mta.wait_for_log("Connection refused", count=2)
    run.mta.wait_idle(waiting=("deferred",) if run.is_postfix else 1)


@scenario()
def connection_timeout(run: Run):
    run.start(with_dovecot=run.is_postfix)
    run.send(ANA, [To("rosa@timeout.example.net", "deferred")], login=ANA)
    run.mta.wait_for_log("timed out", count=2)
    run.mta.wait_idle(waiting=("deferred",) if run.is_postfix else 1)


@scenario()
def no_route(run: Run):
    run.start(with_dovecot=run.is_postfix)
    run.send(ANA, [To("rosa@unreachable.example.net", "deferred")], login=ANA)
    run.mta.wait_for_log("No route to host", count=2)
    run.mta.wait_idle(waiting=("deferred",) if run.is_postfix else 1)


@scenario()
def domain_not_found(run: Run):
    run.start(with_dovecot=run.is_postfix)
    run.send(ANA, [bounced("rosa@nosuchdomain.example.net")], login=ANA, bounce=mailbox(ANA))
    run.send(ANA, [bounced("rosa@nullmx.example.net")], login=ANA, bounce=mailbox(ANA))
    run.send(ANA, [bounced("rosa@nomail.example.net")], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario()
def dns_temporary(run: Run):
    run.start(with_dovecot=run.is_postfix)
    run.send(ANA, [To("rosa@servfail.example.net", "deferred")], login=ANA)
    run.mta.wait_for_log("rosa@servfail.*(status=deferred|defer)", count=2)
    run.mta.wait_idle(waiting=("deferred",) if run.is_postfix else 1)


@scenario()
def remote_greeting_554(run: Run):
    run.start(scripts={"moody.example.net": Script(greeting=["554 {name} No SMTP service for you here",
                                                           "421 4.7.0 {name} Too many connections, try later", "220 {name} ESMTP"])},
              with_dovecot=run.is_postfix)
    expected = remote("rosa@moody.example.net") if run.is_postfix else bounced("rosa@moody.example.net")
    run.send(ANA, [expected], login=ANA, bounce=None if run.is_postfix else mailbox(ANA))
    run.mta.wait_idle()


@scenario()
def remote_lost_connection(run: Run):
    run.start(scripts={"moody.example.net": Script(end_of_data=[DROP, "451 4.3.0 Queue file write error", STALL,
                                                               "250 2.0.0 Ok: queued as {queue_id}"])}, with_dovecot=run.is_postfix)
    run.send(ANA, [remote("rosa@moody.example.net")], login=ANA)
    run.mta.wait_idle()


@scenario()
def remote_rejects_data(run: Run):
    run.start(scripts={"moody.example.net": Script(end_of_data=[
        "554-5.7.1 Message contains spam or a virus.\n5.7.1 See https://help.example.net/why\n5.7.1 {queue_id} (score 17.2)"])},
        with_dovecot=run.is_postfix)
    run.send(ANA, [bounced("rosa@moody.example.net"), bounced("pepe@moody.example.net")], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario()
def remote_rejects_sender(run: Run):
    run.start(scripts={"moody.example.net": Script(mail={ANA: ["451 4.7.1 Sender address deferred", "550 5.7.1 <ana@example.org>: Sender "
                                                                       "address rejected: listed at bl.example.net"]})},
              with_dovecot=run.is_postfix)
    run.send(ANA, [bounced("rosa@moody.example.net")], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario()
def odd_replies(run: Run):
    run.start(scripts={"moody.example.net": Script(rcpt={
        "paren@moody.example.net": ["550 5.1.1 unbalanced ) status=sent (250 ok"],
        "forged@moody.example.net": ["550 5.7.1 to=<other@example.net>, relay=none, status=sent (250 2.0.0 Ok) H=x [192.0.2.1]"],
        "utf8@moody.example.net": ["550 5.1.1 buzón desconocido \u2014 no existe"],
        "bare@moody.example.net": ["550"],
        "contradiction@moody.example.net": ["550 4.2.0 try again never"],
        "many@moody.example.net": ["550-5.7.1 " + "\n5.7.1 ".join(f"line {n} of a long story" for n in range(1, 13))],
        "long@moody.example.net": ["550 5.7.1 " + "x" * 400]})}, with_dovecot=run.is_postfix)
    names = ("paren", "forged", "utf8", "bare", "contradiction", "many", "long")
    for name in names:
        run.send(ANA, [bounced(f"{name}@moody.example.net")], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario()
def bounce_of_bounce(run: Run):
    run.start(scripts={"example.com": Script(rcpt={"gone@example.com": ["550 5.1.1 <gone@example.com>: no such user"]}),
                       "mx1.example.net": Script(rcpt={"noone@example.net": ["550 5.1.1 no such user"]})})
    # Taken in for an alias that leads outside, so that the bounce must go to a sender who takes none.
    run.sendmail("gone@example.com", [bounced("noone@example.net")], user="www-data" if not run.is_postfix else "ana",
                 args=["-i", "-f", "gone@example.com", "noone@example.net"], bounce=To("gone@example.com", "bounced"))
    run.notes.append("the bounce to gone@example.com was refused in its turn")
    run.mta.wait_idle(waiting=() if run.is_postfix else 1)
    if not run.is_postfix:
        run.mta.wait_for_log("Frozen")


@scenario()
def expired(run: Run):
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 mailbox busy"]})}, with_dovecot=run.is_postfix,
              postfix={"main": {"maximal_queue_lifetime": "6s", "bounce_queue_lifetime": "6s"}}, exim={"retry": "* * F,5s,2s"})
    run.send(ANA, [To(ROSA, "expired"), mailbox("juan@example.org"), remote(LUIS)], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario()
def delay_warning(run: Run):
    """The sender is told of the delay; the mail arrives after all, and the warning must not be taken for a bounce."""
    later = "450 4.2.1 mailbox busy"
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: [later, later, later, later, later, "250 2.1.5 Ok"]})},
              with_dovecot=run.is_postfix, postfix={"main": {"delay_warning_time": "2s"}},
              exim={"main": "delay_warning = 3s\ndelay_warning_condition = true"})
    run.send(ANA, [remote(ROSA)], login=ANA)
    run.notes.append("a delay warning went to ana@example.org")
    run.mta.wait_idle()
    assert "Delay" in run.mta.mailbox("ana") or "delayed" in run.mta.mailbox("ana")


@scenario()
def dsn_on_success(run: Run):
    """The sender asked to be told of the delivery (RFC 3461 NOTIFY=SUCCESS): a child that is no bounce."""
    run.start(exim={"main": "dsn_advertise_hosts = *"})
    message = run.message(EVA, [mailbox("juan@example.org")], client_ip=CLIENT, bounce=None)
    with run.mta.session() as session:
        message.dialogue = session.mail(EVA, ["juan@example.org"], run.content(message.message_id, EVA),
                                        mail_parameters="RET=HDRS ENVID=QQ314159", rcpt_parameters="NOTIFY=SUCCESS,FAILURE")
    message.success_report = True
    run.notes.append("a success report went to eva@example.com")
    run.mta.wait_idle()


@scenario()
def utf8_addresses(run: Run):
    run.start(with_dovecot=run.is_postfix)
    for sender, address in ((ANA, "jos\u00e9@example.net"), ("\u00e1ngel@example.com", "juan@example.org"),
                            (ANA, "rosa@b\u00fccher.example.net")):
        login = ANA if sender == ANA else None
        expected = [mailbox(address)] if address.endswith("example.org") else [remote(address)]
        if "b\u00fccher" in address:
            expected = [bounced(address)]
        message = run.message(sender, expected, "submission" if login else "mx", login=login, client_ip=OFFICE if login else CLIENT,
                              bounce=mailbox(ANA) if "b\u00fccher" in address else None)
        with run.mta.session(message.submission["client_ip"], 587 if login else 25) as session:
            if login:
                session.login(ANA, "secret")
            message.dialogue = session.mail(sender, [address], run.content(message.message_id, sender), mail_parameters="SMTPUTF8")
    run.mta.wait_idle()


@scenario()
def greylisting_us(run: Run):
    """We greylist: the first try is refused for now, the second, from the same client, is taken."""
    run.start(postfix={"main": {"smtpd_recipient_restrictions": "check_policy_service unix:private/policy"},
                       "master": "policy unix - n n - 0 spawn user=nobody argv=/usr/local/bin/greylist\n",
                       "files": {"/usr/local/bin/greylist": _GREYLIST}},
              exim={"rcpt": "  defer message = Greylisted, please try again later\n"
                            "        !condition = ${if exists{/tmp/seen}}\n"
                            "        condition = ${if eq{$sender_host_address}{203.0.113.51}}\n"})
    first = run.send(EVA, [To("juan@example.org", "rejected")], accepted=False, source=SECOND_CLIENT, helo="outgoing2.example.com")
    run.notes.append(f"{first.message_id} came back as the second message and was taken")
    run.mta.sandbox.write("/tmp/seen", "", 0o644)
    run.send(EVA, [mailbox("juan@example.org")], source=SECOND_CLIENT, helo="outgoing2.example.com")
    run.mta.wait_idle()


# A policy server for Postfix (its protocol: attributes in, one action out). Stands in for postgrey.
_GREYLIST = """#!/bin/sh
while read -r line; do
  [ -n "$line" ] && continue
  if [ -e /tmp/seen ]; then echo "action=DUNNO"; else echo "action=DEFER_IF_PERMIT Greylisted, please try again later"; fi
  echo
done
"""


@scenario()
def sender_reject(run: Run):
    run.start(postfix={"main": {"smtpd_sender_restrictions": "check_sender_access inline:{spam@example.com=REJECT, "
                                                             "busy@example.com=DEFER}, reject_unknown_sender_domain"}},
              exim={"mail": "  deny message = sender is not welcome\n       senders = spam@example.com\n"
                            "  defer senders = busy@example.com\n"
                            "  deny message = no such sender domain\n       !senders = :\n       !verify = sender\n"})
    run.send("spam@example.com", [rejected("juan@example.org")], accepted=False)
    run.send("busy@example.com", [rejected("juan@example.org")], accepted=False)
    run.send("eva@nosuchdomain.example.net", [rejected("juan@example.org")], accepted=False)
    run.send(EVA, [mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario()
def helo_reject(run: Run):
    run.start(postfix={"main": {"smtpd_helo_required": "yes", "smtpd_delay_reject": "no",
                                "smtpd_helo_restrictions": "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname"}},
              exim={"helo": "  deny message = HELO must be a full name\n       !condition = ${if match{$sender_helo_name}{\\\\.}}\n"})
    for helo in ("localhost", "bad_name!", "user"):
        with run.mta.session(NAMELESS_CLIENT, helo=helo) as session:
            run.encounter("helo_rejected", client_ip=NAMELESS_CLIENT, reply=session.helo_reply)
    run.send(EVA, [mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario()
def client_reject(run: Run):
    run.start(postfix={"main": {"smtpd_client_restrictions": "check_client_access inline:{203.0.113.77=REJECT}, "
                                                             "reject_unknown_client_hostname"}},
              exim={"connect": "  drop message = no mail from you\n       hosts = 203.0.113.77\n",
                    "rcpt": "  defer message = no name for your address\n        !verify = reverse_host_lookup\n"})
    if run.is_postfix:
        run.send(EVA, [rejected("juan@example.org")], accepted=False, source="203.0.113.77", helo="spammer.example.com")
    else:
        with run.mta.session("203.0.113.77", helo="") as session:
            run.encounter("connection_rejected", client_ip="203.0.113.77", reply=session.greeting)
    run.send(EVA, [rejected("juan@example.org")], accepted=False, source=NAMELESS_CLIENT, helo="[203.0.113.99]")
    run.send(EVA, [mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario()
def program_and_file(run: Run):
    run.start(aliases=ALIASES + "ticket: |/usr/local/bin/ticket\nbroken: |/usr/local/bin/broken\n"
                                "busy: |/usr/local/bin/busy\narchive: /var/mail/archive-file\nnull: /dev/null\n",
              files={"/usr/local/bin/ticket": "#!/bin/sh\ncat >/dev/null\n",
                     "/usr/local/bin/broken": "#!/bin/sh\ncat >/dev/null\necho 'cannot connect to database'\nexit 1\n",
                     "/usr/local/bin/busy": "#!/bin/sh\ncat >/dev/null\n[ -e /tmp/free ] || { echo 'try later'; exit 75; }\n"},
              postfix={"main": {"default_privs": "nobody", "allow_mail_to_files": "alias,forward"}})
    for name, outcome in (("ticket", "delivered"), ("broken", "bounced"), ("busy", "delivered")):
        address = f"{name}@example.org"
        run.send(EVA, [To(address, outcome, "program" if outcome == "delivered" else None,
                          original=address if run.is_postfix else None)], bounce=remote(EVA) if outcome == "bounced" else None)
    for address, outcome, place in (("archive@example.org", "delivered", "file"), ("null@example.org", "discarded", None)):
        run.send(EVA, [To(address, outcome, place, original=address if run.is_postfix else None)])
    run.mta.wait_for_log("try later|T=address_pipe defer|status=deferred")
    run.mta.sandbox.write("/tmp/free", "")
    run.mta.wait_idle()


@scenario()
def odd_addresses(run: Run):
    run.start(with_dovecot=run.is_postfix)
    for address in ('"luis garcia"@example.net', '"a, status=sent"@example.net', "o'hara@example.net", '"x> to=<y"@example.net',
                    "UPPER.Case+Tag@Example.NET", "=?odd?=@example.net"):
        run.send(ANA, [remote(address)], login=ANA)
    run.send('"ana maria"@example.com', [mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario()
def odd_message_ids(run: Run):
    run.start()
    for message_id in (None, "", "<no at sign>", "not-bracketed@example.com", "<with blanks and, commas=@example.com>",
                       "<duplicate@example.com>", "<duplicate@example.com>", "<" + "long" * 60 + "@example.com>"):
        message = run.message(EVA, [To("juan@example.org", "delivered", "file")], client_ip=CLIENT)
        message.message_id = message_id
        message.dialogue = run.mta.smtp(EVA, ["juan@example.org"], run.content(message_id, EVA))
    run.notes.append("all delivered to juan's mailbox; Message-IDs as given here")
    run.mta.wait_idle()


@scenario()
def tls_outgoing(run: Run):
    key, certificate = make_certificate(run, "mx.tls.example.net")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    run.start(scripts={"tls.example.net": Script(starttls=context)}, with_dovecot=run.is_postfix,
              postfix={"main": {"smtp_tls_security_level": "may", "smtp_tls_loglevel": "1"}})
    run.send(ANA, [remote("rosa@tls.example.net")], login=ANA)
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.mta.wait_idle()


@scenario()
def lmtp_to_dovecot(run: Run):
    run.start(with_dovecot=True, postfix={"main": {"mailbox_transport": "lmtp:unix:private/dovecot-lmtp"}},
              exim={"local_transport": "dovecot_lmtp", "main": "log_selector = +all"})
    run.send(EVA, [mailbox("juan@example.org")])
    run.send(EVA, [mailbox("juan@example.org")], headers={"X-Spam": "yes"})
    run.send(EVA, [To("juan@example.org", "discarded")], headers={"X-Drop": "yes"})
    run.notes.append("the second went to Junk, the third was thrown away by a sieve script after the server had handed it over")
    run.send(EVA, [mailbox("ana@example.org"), bounced("maria@example.org")], bounce=remote(EVA))
    run.mta.wait_idle()


@scenario()
def size_limit(run: Run):
    run.start(postfix={"main": {"message_size_limit": "20000"}}, exim={"main": "message_size_limit = 20000"})
    run.send(EVA, [rejected("juan@example.org")], accepted=False, body="x" * 70 + "\n" + "y" * 70 + "\n" * 40000)
    message = run.message(EVA, [rejected("juan@example.org")], client_ip=CLIENT, accepted=False)
    with run.mta.session() as session:
        message.dialogue = session.mail(EVA, ["juan@example.org"], b"", mail_parameters="SIZE=50000")
    run.send(EVA, [mailbox("juan@example.org")])
    run.mta.wait_idle()
