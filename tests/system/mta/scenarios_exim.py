"""Scenarios about what only Exim does."""

from .postfix import ALIASES
from .scenario import Run, To, bounced, mailbox, rejected, remote, scenario
from .scenarios_common import ANA, EVA, LUIS, ROSA
from .sink import Script
from .world import CLIENT, SECOND_CLIENT

_BUSY = {"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 mailbox busy"]})}


@scenario("exim")
def log_selector_all(run: Run):
    run.start(scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"]})},
              main="log_selector = +all")
    run.send(ANA, [remote(LUIS), mailbox("juan@example.org"), bounced("noone@moody.example.net")], login=ANA, bounce=mailbox(ANA),
             headers={"Subject": 'Offer "A" from b@example.com for c@example.com, T=1 H=x [192.0.2.1]'})
    run.send(EVA, [mailbox("juan@example.org", "info@example.org"), mailbox("maria@example.org"), rejected("nobody-here@example.org")],
             headers={"Subject": "=?utf-8?q?Factura_n=C2=BA_7?="})
    run.send("", [mailbox("maria@example.org")], headers={"Subject": None})
    run.sendmail("www-data@example.org", [remote(EVA)], user="www-data", args=["-t", "-i"], cwd="/var/www")
    run.send(EVA, [rejected(LUIS)], accepted=False)
    run.mta.wait_idle()


@scenario("exim")
def log_selector_cpanel(run: Run):
    """The selectors that a well-known hosting panel turns on."""
    run.start(main="log_selector = +arguments +subject +received_recipients +sender_on_delivery +smtp_confirmation "
                   "+smtp_protocol_error +tls_peerdn +incoming_port +outgoing_port +deliver_time +queue_time")
    run.sendmail("www-data@example.org", [remote(EVA), remote(LUIS)], user="www-data", args=["-t", "-i"], cwd="/var/www")
    run.send(ANA, [remote(ROSA)], login=ANA)
    run.mta.wait_idle()


@scenario("exim")
def log_stamps(run: Run):
    """Stamps with zone, milliseconds and pid."""
    run.start(main="log_timezone = true\nlog_selector = +millisec +pid")
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.send(EVA, [rejected("nobody-here@example.org"), mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario("exim")
def via_syslog(run: Run):
    """Files and syslog at once; long records are split for syslog."""
    long = "550-5.7.1 " + "\n5.7.1 ".join(f"line {n} of a policy text that a lawyer wrote and nobody reads" for n in range(20))
    run.start(scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": [long]})}, syslog=True)
    run.send(ANA, [remote(LUIS)], login=ANA)
    run.send(ANA, [bounced("noone@moody.example.net")], login=ANA, bounce=mailbox(ANA))
    run.send(EVA, [rejected(LUIS)], accepted=False)
    run.mta.wait_idle()


@scenario("exim")
def via_syslog_without_stamps(run: Run):
    run.start(syslog=True, main="syslog_timestamp = false\nsyslog_duplication = false\nlog_selector = +all")
    run.send(ANA, [remote(LUIS), mailbox("juan@example.org")], login=ANA, headers={"Subject": "x" * 900})
    run.send(EVA, [rejected(LUIS)], accepted=False)
    run.mta.wait_idle()


@scenario("exim")
def frozen_and_thawed(run: Run):
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 mailbox busy", "450 4.2.1 mailbox busy", "250 2.1.5 Ok"]})})
    run.send(ANA, [remote(ROSA)], login=ANA)
    run.mta.wait_for_log("mailbox busy")
    queue_id = run.mta.queue()[0]
    run.mta.sandbox.run(["exim4", "-Mf", queue_id])
    run.mta.wait_for_log("Message is frozen")
    run.mta.sandbox.run(["exim4", "-Mt", queue_id])
    run.mta.wait_idle()


@scenario("exim")
def removed_by_admin(run: Run):
    run.start(scripts=_BUSY)
    run.send(ANA, [To(ROSA, "deleted"), mailbox("juan@example.org")], login=ANA)
    run.mta.wait_for_log("mailbox busy")
    run.mta.sandbox.run(["exim4", "-Mrm", run.mta.queue()[0]])
    run.mta.wait_idle()


@scenario("exim")
def given_up_by_admin(run: Run):
    run.start(scripts=_BUSY)
    run.send(ANA, [bounced(ROSA)], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_for_log("mailbox busy")
    run.mta.sandbox.run(["exim4", "-Mg", run.mta.queue()[0]])
    run.mta.wait_idle()


@scenario("exim")
def marked_delivered_by_admin(run: Run):
    run.start(scripts=_BUSY)
    run.send(ANA, [To(ROSA, "deleted")], login=ANA)
    run.mta.wait_for_log("mailbox busy")
    run.mta.sandbox.run(["exim4", "-Mmd", run.mta.queue()[0], ROSA])
    run.notes.append("an administrator marked the address as delivered: nobody got it")
    run.mta.wait_idle()


@scenario("exim")
def edited_by_admin(run: Run):
    run.start(scripts=_BUSY)
    run.send(ANA, [To(ROSA, "deferred")], login=ANA)
    run.mta.wait_for_log("mailbox busy")
    queue_id = run.mta.queue()[0]
    run.mta.sandbox.run(["exim4", "-Mar", queue_id, "bob@example.com"])
    run.mta.sandbox.run(["exim4", "-Mes", queue_id, "juan@example.org"])
    run.notes.append("an administrator added bob@example.com (delivered) and changed the sender to juan@example.org")
    run.mta.sandbox.run(["exim4", "-M", queue_id])
    run.mta.wait_for_log("=> bob@example.com")
    run.mta.wait_idle(waiting=1)


@scenario("exim")
def timeout_frozen_after(run: Run):
    run.start(scripts={"example.com": Script(rcpt={"gone@example.com": ["550 5.1.1 no such user"]}),
                       "moody.example.net": Script(rcpt={ROSA: ["550 5.1.1 no such user"]})},
              main="timeout_frozen_after = 3s\nignore_bounce_errors_after = 1h")
    run.sendmail("gone@example.com", [bounced(ROSA)], user="www-data", args=["-i", "-f", "gone@example.com", ROSA],
                 bounce=To("gone@example.com", "bounced"))
    run.mta.wait_idle(waiting=0)


@scenario("exim")
def bounce_error_ignored(run: Run):
    run.start(scripts={"example.com": Script(rcpt={"gone@example.com": ["550 5.1.1 no such user"]}),
                       "moody.example.net": Script(rcpt={ROSA: ["550 5.1.1 no such user"]})}, main="ignore_bounce_errors_after = 0s")
    run.sendmail("gone@example.com", [bounced(ROSA)], user="www-data", args=["-i", "-f", "gone@example.com", ROSA],
                 bounce=To("gone@example.com", "bounced"))
    run.mta.wait_idle()


@scenario("exim")
def fake_reject(run: Run):
    run.start(rcpt="  accept recipients = juan@example.org\n         control = fakereject/our filter takes this for spam\n"
                   "  accept recipients = maria@example.org\n         control = fakedefer\n")
    for recipient in ("juan@example.org", "maria@example.org"):
        run.send(EVA, [mailbox(recipient)], accepted=False)
    run.notes.append("the sender was told 550 (and 450), and yet the mail was delivered")
    run.mta.wait_idle()


@scenario("exim")
def rejected_after_data(run: Run):
    run.start(data="  deny message = Your message scored 17.2 spam points\n       condition = ${if match{$h_subject:}{pills}}\n"
                   "  deny message =\n       condition = ${if match{$h_subject:}{silent}}\n"
                   "  defer message = come back later\n        condition = ${if match{$h_subject:}{later}}\n"
                   "  discard condition = ${if match{$h_subject:}{hole}}\n         log_message = thrown away by policy\n")
    run.send(EVA, [rejected("juan@example.org"), rejected("maria@example.org")], accepted=False, headers={"Subject": "cheap pills"})
    run.send(EVA, [rejected("juan@example.org")], accepted=False, headers={"Subject": "silent"})
    run.send(EVA, [rejected("juan@example.org")], accepted=False, headers={"Subject": "later"})
    run.send(EVA, [To("juan@example.org", "discarded")], headers={"Subject": "hole"})
    run.send(EVA, [mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario("exim")
def acl_controls(run: Run):
    """warn with log lines, freezing and queueing by ACL."""
    run.start(rcpt="  warn message = X-Warn: yes\n       log_message = looks odd but passes\n       senders = bob@example.com\n"
                   "  accept senders = freeze@example.com\n         control = freeze\n"
                   "  accept senders = queue@example.com\n         control = queue_only\n"
                   "  drop message = you are too fast\n       senders = fast@example.com\n", queue_run="3s")
    run.send("bob@example.com", [mailbox("juan@example.org")])
    run.send("freeze@example.com", [To("juan@example.org", "held")])
    run.send("queue@example.com", [mailbox("juan@example.org")])
    run.send("fast@example.com", [rejected("juan@example.org")], accepted=False)
    run.mta.wait_for_log("Message is frozen")
    run.mta.wait_idle(waiting=1)


@scenario("exim")
def blackhole(run: Run):
    run.start(aliases=ALIASES + "void: :blackhole:\nclosed: :fail: this mailbox was closed\nlater: :defer: we are moving\n")
    run.send(EVA, [To("void@example.org", "discarded")])
    run.send(EVA, [To("void@example.org", "discarded"), mailbox("juan@example.org")])
    run.send(EVA, [rejected("closed@example.org")], accepted=False)
    run.send(EVA, [rejected("later@example.org")], accepted=False)
    run.sendmail(ANA, [bounced("closed@example.org")], bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario("exim")
def user_filter(run: Run):
    """A filter that answers, files, pipes and forwards."""
    run.start(files={"/home/juan/.forward": '# Exim filter\nif $h_subject: contains "away" then\n  mail to $reply_address subject "I am away" '
                                            'text "back soon"\n  deliver juan@example.org\nendif\n'
                                            'if $h_subject: contains "file" then\n  save $home/inbox-lists\nendif\n'
                                            'if $h_subject: contains "drop" then\n  seen finish\nendif\n'
                                            'if $h_subject: contains "both" then\n  unseen deliver luis@example.net\nendif\n'})
    run.send(EVA, [mailbox("juan@example.org")], headers={"Subject": "are you away"}).success_report = True
    run.notes.append("the first is answered by an autoreply to eva@example.com")
    run.send(EVA, [To("juan@example.org", "delivered", "file")], headers={"Subject": "file this"})
    run.send(EVA, [To("juan@example.org", "discarded")], headers={"Subject": "drop this"})
    run.send(EVA, [mailbox("juan@example.org"), remote(LUIS, "juan@example.org")], headers={"Subject": "both of you"})
    run.mta.wait_idle()


@scenario("exim")
def dot_forward_pipe(run: Run):
    run.start(files={"/home/juan/.forward": "\"|/usr/local/bin/sorter -x 'a b'\"\n",
                     "/usr/local/bin/sorter": "#!/bin/sh\ncat >/dev/null\n"})
    run.send(EVA, [To("juan@example.org", "delivered", "program")])
    run.mta.wait_idle()


@scenario("exim")
def cutthrough(run: Run):
    """Delivered while the client still waits: the delivery is logged before the arrival."""
    run.start(rcpt="  accept senders = eva@example.com\n         domains = moody.example.net\n         verify = recipient\n"
                   "         control = cutthrough_delivery\n")
    run.send(EVA, [remote(ROSA)])
    run.mta.wait_idle()


@scenario("exim")
def domains_in_one_connection(run: Run):
    run.start()
    run.send(ANA, [remote(f"friend{n}@moody.example.net") for n in range(4)], login=ANA)
    run.mta.wait_idle()


@scenario("exim")
def many_recipients_separately(run: Run):
    """One connection used again for further recipients: H=...* in the log."""
    run.start(remote_smtp="max_rcpt = 1", main="log_selector = +outgoing_port +deliver_time")
    run.send(ANA, [remote(f"friend{n}@moody.example.net") for n in range(4)], login=ANA)
    run.mta.wait_idle()


@scenario("exim")
def callout(run: Run):
    """Recipients and senders verified at their own servers while the client waits."""
    run.start(scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"],
                                                        "slow@moody.example.net": ["451 4.3.0 try later"]}),
                       "example.com": Script(rcpt={"gone@example.com": ["550 5.1.1 no such mailbox"]})},
              rcpt="  deny message = sender verification failed\n       !verify = sender/callout\n"
                   "  accept domains = moody.example.net\n         endpass\n         verify = recipient/callout\n")
    run.send(EVA, [rejected("noone@moody.example.net"), rejected("slow@moody.example.net"), remote(ROSA)])
    run.send("gone@example.com", [rejected("juan@example.org")], accepted=False)
    run.mta.wait_idle()


@scenario("exim")
def unqualified_and_syntax(run: Run):
    run.start()
    with run.mta.session() as session:
        for command in ("MAIL FROM:<eva>", "MAIL FROM:eva@example.com", "RSET", "MAIL FROM:<eva@example.com>", "RCPT TO:<juan>",
                        "RCPT TO:<@>", "NONSENSE", "RCPT TO:<juan@example.org", "DATA", "RSET"):
            reply = session.command(command)
            run.encounter("command", client_ip=CLIENT, reply=f"{command} -> {reply}")
    with run.mta.session(SECOND_CLIENT, helo="") as session:
        run.encounter("helo", client_ip=SECOND_CLIENT, reply=session.command("HELO \x01odd name"))
        run.encounter("mail", client_ip=SECOND_CLIENT, reply=session.command("MAIL FROM:<eva@example.com>"))
    session = run.mta.session(SECOND_CLIENT, helo="")
    session.write(b"EHLO a.example.com\r\nMAIL FROM:<eva@example.com>\r\nRCPT TO:<juan@example.org>\r\nDATA\r\nhello\r\n.\r\n")
    run.encounter("synchronisation", client_ip=SECOND_CLIENT, reply=session.command("NOOP"))
    session.drop()
    run.send(EVA, [mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario("exim")
def local_delivery_errors(run: Run):
    """A mailbox over quota, an unwritable one, and a .forward that cannot be parsed."""
    run.start(files={"/home/maria/.forward": "this is not, a good <address\n"},
              routers="quota_user:\n  driver = accept\n  local_parts = juan\n  domains = +local_domains\n  transport = small_mailbox\n",
              transports="small_mailbox:\n  driver = appendfile\n  file = /var/mail/juan\n  quota = 1\n  user = juan\n")
    run.send(EVA, [To("juan@example.org", "deferred")])
    run.send(EVA, [To("maria@example.org", "deferred")])
    run.sendmail(ANA, [To("maria@example.org", "deferred")])
    run.mta.wait_for_log(" == ", count=5)
    run.mta.wait_idle(waiting=3)


@scenario("exim")
def loop(run: Run):
    run.start(main="received_headers_max = 5")
    content = b"".join(b"Received: from a by b; Tue, 24 Nov 2026 00:00:00 +0000\r\n" for _ in range(8)) + b"Subject: loop\r\n\r\nloop\r\n"
    message = run.message(EVA, [bounced("juan@example.org")], client_ip=CLIENT, bounce=remote(EVA))
    content = b"Message-ID: " + message.message_id.encode() + b"\r\n" + content
    message.dialogue = run.mta.smtp(EVA, ["juan@example.org"], content)
    run.mta.wait_idle()
