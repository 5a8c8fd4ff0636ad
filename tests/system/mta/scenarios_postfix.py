"""Scenarios about what only Postfix does."""

from .milter import Milter
from .postfix import ALIASES
from .scenario import Run, To, bounced, mailbox, rejected, remote, scenario
from .scenarios_common import ANA, EVA, LUIS, ROSA
from .sink import DROP, Script, Sink
from .world import CLIENT, NAMELESS_CLIENT, SECOND_CLIENT

_BUSY = {"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 mailbox busy"]})}
_BUSY_ONCE = {"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 mailbox busy", "250 2.1.5 Ok"]})}

_CHECKS = """\
/^Subject: reject/   REJECT we do not like this subject
/^Subject: hold/     HOLD for review
/^Subject: discard/  DISCARD silently
/^Subject: redirect/ REDIRECT maria@example.org
/^Subject: info/     INFO noticed
/^Subject: warn/     WARN odd
/^Subject: prepend/  PREPEND X-Checked: yes
/^Subject: replace/  REPLACE Subject: (replaced)
/^Subject: bcc/      BCC bob@example.com
/^Subject: filter/   FILTER smtp:[127.0.0.1]:10025
"""


@scenario("postfix")
def header_checks(run: Run):
    run.start(main={"header_checks": "regexp:/etc/postfix/header_checks", "body_checks": "regexp:/etc/postfix/body_checks"},
              files={"/etc/postfix/header_checks": _CHECKS, "/etc/postfix/body_checks": "/^viagra/ REJECT\n/^defer/ DEFER_IF_PERMIT\n"})
    me = "juan@example.org"
    for subject, to in (("reject me", rejected(me)), ("hold me", To(me, "held")), ("discard me", To(me, "discarded")),
                        ("redirect me", To("maria@example.org", "delivered", "mailbox")), ("info to=<x@example.net> status=sent", mailbox(me)),
                        ("warn me", mailbox(me)), ("prepend", mailbox(me)), ("replace me", mailbox(me)), ("bcc me", mailbox(me))):
        if subject.startswith("redirect"):
            to.original = me
            run.notes.append("the redirected message goes to maria@example.org instead of all its recipients")
        run.send(EVA, [to], headers={"Subject": subject}, accepted=to.outcome != "rejected")
    run.send(EVA, [rejected(me), rejected("maria@example.org")], headers={"Subject": "reject two"}, accepted=False)
    run.send(EVA, [rejected(me)], body="hello\nviagra\n", accepted=False)
    run.notes.append("bob@example.com gets a blind copy of the one with 'bcc me'")
    run.mta.wait_idle(waiting=("hold",))


@scenario("postfix")
def header_check_local(run: Run):
    """A refusal of mail that did not come by SMTP ends in a bounce."""
    run.start(main={"header_checks": "regexp:/etc/postfix/header_checks"}, files={"/etc/postfix/header_checks": _CHECKS})
    run.sendmail(ANA, [bounced("juan@example.org"), bounced(LUIS)], headers={"Subject": "reject me"}, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario("postfix")
def access_actions(run: Run):
    """What access tables may answer, beside REJECT."""
    table = ("inline:{{hold@example.com=HOLD on hold}, {discard@example.com=DISCARD}, {warn@example.com=WARN look at this}, "
             "{info@example.com=INFO just so}, {redirect@example.com=REDIRECT maria@example.org}, {bcc@example.com=BCC bob@example.com}, "
             "{prepend@example.com=PREPEND X-Access: yes}, {reject@example.com=REJECT go away}, "
             "{enhanced@example.com=554 5.7.9 listed, see https://example.com/?q=1}, {defer@example.com=DEFER later}, "
             "{dip@example.com=DEFER_IF_PERMIT grey}}")
    run.start(main={"smtpd_sender_restrictions": f"check_sender_access {table}",
                    "smtpd_recipient_restrictions": "warn_if_reject reject_unknown_client_hostname, permit"})
    me = "juan@example.org"
    for name, to in (("hold", To(me, "held")), ("discard", To(me, "discarded")), ("warn", mailbox(me)), ("info", mailbox(me)),
                     ("redirect", mailbox("maria@example.org", me)), ("bcc", mailbox(me)), ("prepend", mailbox(me)),
                     ("reject", rejected(me)), ("enhanced", rejected(me)), ("defer", rejected(me)), ("dip", rejected(me))):
        run.send(f"{name}@example.com", [to], accepted=to.outcome != "rejected")
    run.send(EVA, [mailbox(me)], source=NAMELESS_CLIENT, helo="[203.0.113.99]")
    run.mta.wait_idle(waiting=("hold",))


@scenario("postfix")
def held_and_released(run: Run):
    run.start(scripts=_BUSY_ONCE)
    run.sendmail(ANA, [remote(ROSA)])
    run.mta.wait_for_log("mailbox busy")
    queue_id = run.mta.queue()["deferred"][0]
    run.mta.sandbox.run(["postsuper", "-h", queue_id])
    run.mta.sandbox.run(["postsuper", "-H", queue_id])
    run.mta.wait_idle()


@scenario("postfix")
def deleted_by_admin(run: Run):
    run.start(scripts=_BUSY)
    run.sendmail(ANA, [To(ROSA, "deleted"), mailbox("juan@example.org")])
    run.mta.wait_for_log("mailbox busy")
    run.mta.sandbox.run(["postsuper", "-d", run.mta.queue()["deferred"][0]])
    run.mta.wait_idle()


@scenario("postfix")
def requeued(run: Run):
    run.start(scripts=_BUSY_ONCE)
    run.sendmail(ANA, [remote(ROSA)])
    run.mta.wait_for_log("mailbox busy")
    run.mta.sandbox.run(["postsuper", "-r", run.mta.queue()["deferred"][0]])
    run.mta.sandbox.run(["postkick", "public", "pickup", "W"], check=False)  # else up to a minute until pickup looks
    run.mta.wait_idle()


@scenario("postfix")
def force_expired(run: Run):
    run.start(scripts=_BUSY)
    run.sendmail(ANA, [To(ROSA, "expired"), mailbox("juan@example.org")], bounce=mailbox(ANA))
    run.mta.wait_for_log("mailbox busy")
    queue_id = run.mta.queue()["deferred"][0]
    run.mta.sandbox.run(["postsuper", "-f", queue_id])
    run.mta.sandbox.run(["postqueue", "-i", queue_id])
    run.mta.wait_idle()


_REINJECT = """\
127.0.0.1:10026 inet n - n - - smtpd
  -o syslog_name=postfix/reinject
  -o content_filter=
  -o smtpd_proxy_filter=
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
"""


@scenario("postfix")
def after_queue_filter(run: Run):
    """A pipe filter that gives the mail back with sendmail, and one message that the filter refuses."""
    script = ("#!/bin/sh\n# usage: filter sender recipient...\ncat >/tmp/mail.$$\nif grep -q '^X-Virus: yes' /tmp/mail.$$; then\n"
              "  echo '5.7.1 virus found'; exit 69\nfi\nsender=$1; shift\nexec /usr/sbin/sendmail -G -i -f \"$sender\" -- \"$@\" </tmp/mail.$$\n")
    run.start(main={"content_filter": "scan:dummy"}, files={"/usr/local/bin/filter": script},
              master="scan unix - n n - 10 pipe flags=Rq user=nobody null_sender= argv=/usr/local/bin/filter ${sender} ${recipient}\n"
                     "pickup unix n - n 60 1 pickup\n  -o content_filter=\n")
    run.send(EVA, [mailbox("juan@example.org"), mailbox("maria@example.org")])
    run.send(EVA, [bounced("juan@example.org")], headers={"X-Virus": "yes"}, bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("postfix")
def smtp_filter_reinjection(run: Run):
    """As amavis does it: to port 10024 by SMTP with XFORWARD, back to port 10026."""
    run.start(main={"content_filter": "scan:[127.0.0.1]:10024"}, master="scan unix - - n - 10 smtp\n  -o smtp_send_xforward_command=yes\n"
                    "  -o syslog_name=postfix/amavis\n" + _REINJECT)
    proxy = _start_filter(run)
    try:
        run.send(EVA, [mailbox("juan@example.org"), mailbox("MARIA@example.org")])
        run.send(EVA, [remote(EVA, "outside@example.org")])
        run.mta.wait_idle()
    finally:
        proxy.close()


@scenario("postfix")
def before_queue_proxy(run: Run):
    run.start(main={"smtpd_proxy_filter": "127.0.0.1:10024", "smtpd_proxy_timeout": "5s"}, master=_REINJECT)
    proxy = _start_filter(run)
    try:
        run.send(EVA, [mailbox("juan@example.org")])
        run.send(EVA, [rejected("juan@example.org")], headers={"X-Virus": "yes"}, accepted=False)
        run.send(EVA, [rejected("nobody-here@example.org")], accepted=False)
        run.mta.wait_idle()
    finally:
        proxy.close()


def _start_filter(run: Run):
    from .proxy import SmtpFilter
    return SmtpFilter(("127.0.0.1", 10024), ("127.0.0.1", 10026), lambda content: b"X-Virus: yes" in content)


@scenario("postfix")
def pipe_and_discard(run: Run):
    run.start(main={"transport_maps": "inline:{tickets.example.org=ticket:, void.example.org=discard:thrown_away, "
                                      "{closed.example.org=error:5.1.6 moved to example.net}, {later.example.org=retry:4.3.0 not today}}",
                    "relay_domains": "tickets.example.org, void.example.org, closed.example.org, later.example.org"},
              master="ticket unix - n n - - pipe flags=Rq user=nobody argv=/usr/local/bin/ticket\n",
              files={"/usr/local/bin/ticket": "#!/bin/sh\ngrep -q '^X-Fail: yes' && { echo 'database is gone'; exit 1; }\nexit 0\n"})
    run.send(EVA, [To("help@tickets.example.org", "delivered", "program")])
    run.send(EVA, [bounced("help@tickets.example.org")], headers={"X-Fail": "yes"}, bounce=remote(EVA))
    run.send(EVA, [To("x@void.example.org", "discarded")])
    run.sendmail(ANA, [bounced("x@closed.example.org")], bounce=mailbox(ANA))
    run.send(EVA, [rejected("x@later.example.org")], accepted=False)
    run.sendmail(ANA, [To("x@later.example.org", "deferred")])
    run.mta.wait_for_log("x@later.example.org.*status=deferred", count=2)
    run.mta.wait_idle(waiting=("deferred",))


@scenario("postfix")
def virtual_mailboxes(run: Run):
    run.start(main={"virtual_mailbox_domains": "lists.example.org", "mydestination": "example.org, localhost",
                    "virtual_mailbox_maps": "inline:{news@lists.example.org=news, sub@lists.example.org=sub/}",
                    "virtual_mailbox_base": "/var/vmail", "virtual_uid_maps": "static:5000", "virtual_gid_maps": "static:5000",
                    "virtual_alias_maps": "inline:{all@example.org=news@lists.example.org, {both@example.org=juan@example.org,luis@example.net}}"})
    run.send(EVA, [To("news@lists.example.org", "delivered", "file")])
    run.send(EVA, [To("sub@lists.example.org", "delivered", "file")])
    run.send(EVA, [To("news@lists.example.org", "delivered", "file", original="all@example.org")])
    run.send(EVA, [mailbox("juan@example.org", "both@example.org"), remote(LUIS, "both@example.org")])
    run.send(EVA, [rejected("other@lists.example.org")], accepted=False)
    run.notes.append("virtual(8) delivered the ones marked 'file' to /var/vmail: mailboxes of the virtual domain")
    run.mta.wait_idle()


@scenario("postfix")
def long_queue_ids(run: Run):
    run.start(scripts=_BUSY_ONCE, main={"enable_long_queue_ids": "yes"}, with_dovecot=True)
    run.send(ANA, [remote(ROSA), mailbox("juan@example.org")], login=ANA)
    run.send(EVA, [mailbox("juan@example.org")])
    run.mta.wait_idle()


@scenario("postfix")
def postlog_file(run: Run):
    """Logged by Postfix's own postlogd (maillog_file), without a syslog daemon."""
    run.start(scripts=_BUSY_ONCE, logging="postlog")
    run.sendmail(ANA, [remote(ROSA), mailbox("juan@example.org")])
    run.send(EVA, [rejected(LUIS)], accepted=False)
    run.mta.wait_idle()


@scenario("postfix")
def instance_names(run: Run):
    """A second instance's syslog_name, and the separate smtp transports that admins make."""
    run.start(main={"syslog_name": "postfix-out", "transport_maps": "inline:{example.net=slow:}"},
              master="slow unix - - n - 1 smtp\n  -o syslog_name=postfix-out/slow\n")
    run.send(EVA, [mailbox("juan@example.org")])
    run.sendmail(ANA, [remote(LUIS), remote(EVA)])
    run.mta.wait_idle()


@scenario("postfix")
def soft_bounce(run: Run):
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: ["550 5.1.1 no such user"]})}, main={"soft_bounce": "yes"})
    run.sendmail(ANA, [To(ROSA, "deferred")])
    run.send(EVA, [rejected("nobody-here@example.org")], accepted=False)
    run.mta.wait_for_log("no such user", count=2)
    run.mta.wait_idle(waiting=("deferred",))


@scenario("postfix")
def double_bounce(run: Run):
    """A bounce that cannot be delivered is reported to the postmaster."""
    run.start(scripts={"example.com": Script(rcpt={"gone@example.com": ["550 5.1.1 no such user"]}),
                       "moody.example.net": Script(rcpt={ROSA: ["550 5.1.1 no such user"]})}, main={"notify_classes": "bounce, 2bounce, resource"})
    run.sendmail("gone@example.com", [bounced(ROSA)], args=["-i", "-f", "gone@example.com", ROSA], bounce=To("gone@example.com", "bounced"))
    run.notes.append("postmaster notices for the bounce and for the double bounce go to ana@example.org by alias")
    run.mta.wait_idle()


@scenario("postfix")
def address_verification(run: Run):
    """Verify probes: deliveries that are no mail."""
    run.start(scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"]})},
              main={"smtpd_recipient_restrictions": "reject_unverified_recipient", "relay_domains": "moody.example.net",
                    "address_verify_poll_count": "5", "address_verify_poll_delay": "1s", "address_verify_map": ""})
    run.send(EVA, [remote(ROSA)])
    run.send(EVA, [rejected("noone@moody.example.net")], accepted=False)
    run.mta.wait_idle()
    run.mta.sandbox.run(["sendmail", "-bv", ROSA, "noone@moody.example.net"], user="ana")
    run.notes.append("then ana asked for a report with sendmail -bv: two probes, one mail to her")
    run.mta.wait_for_log("status=undeliverable", count=2)
    run.mta.wait_idle()


@scenario("postfix")
def verbose_delivery(run: Run):
    run.start()
    message = run.sendmail(ANA, [remote(ROSA)], args=["-v", "-i", ROSA])
    message.success_report = True
    run.notes.append("sendmail -v: a delivery report goes to ana")
    run.mta.wait_idle()


@scenario("postfix")
def loop(run: Run):
    run.start(main={"hopcount_limit": "5"}, aliases=ALIASES + "round: trip\ntrip: round\n")
    content = b"".join(b"Received: from a by b; Tue, 24 Nov 2026 00:00:00 +0000\r\n" for _ in range(8)) + b"Subject: loop\r\n\r\nloop\r\n"
    message = run.message(EVA, [rejected("juan@example.org")], client_ip=CLIENT, accepted=False)
    message.dialogue = run.mta.smtp(EVA, ["juan@example.org"], content)
    run.send(EVA, [bounced("juan@example.org")], headers={"Delivered-To": "juan@example.org"}, bounce=remote(EVA))
    run.send(EVA, [bounced("round@example.org")], bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("postfix")
def mailbox_full(run: Run):
    run.start(main={"mailbox_size_limit": "20000", "message_size_limit": "16000"})
    body = ("x" * 60 + "\n") * 170
    run.send(EVA, [mailbox("juan@example.org")], body=body)
    run.mta.wait_idle()
    run.send(EVA, [bounced("juan@example.org"), mailbox("maria@example.org")], body=body, bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("postfix")
def bounce_failed(run: Run):
    """The mailbox is full, and the bounce would be larger than a message may be: the mail stays."""
    run.start(main={"mailbox_size_limit": "7000", "message_size_limit": "6000"})
    run.send(EVA, [mailbox("juan@example.org")], body=("x" * 60 + "\n") * 65)
    run.mta.wait_idle()
    run.send(EVA, [bounced("juan@example.org")], body=("x" * 60 + "\n") * 65, bounce=To(EVA, "deferred"))
    run.notes.append("the second was refused for good by the full mailbox, but no bounce could be made: nobody was told yet")
    run.mta.wait_for_log("status=deferred", count=2)
    run.mta.wait_idle(waiting=("deferred",))


@scenario("postfix")
def postscreen(run: Run):
    run.start(master="smtpd pass - - n - - smtpd\ndnsblog unix - - n - 0 dnsblog\ntlsproxy unix - - n - 0 tlsproxy\n"
                     "192.0.2.10:2525 inet n - n - 1 postscreen\n",
              main={"postscreen_greet_wait": "2s", "postscreen_greet_action": "enforce", "postscreen_pipelining_enable": "yes",
                    "postscreen_pipelining_action": "enforce", "postscreen_non_smtp_command_enable": "yes",
                    "postscreen_denylist_action": "drop", "postscreen_access_list": "permit_mynetworks, cidr:/etc/postfix/screen",
                    "postscreen_cache_map": "btree:/var/lib/postfix/postscreen_cache"},
              files={"/etc/postfix/screen": "203.0.113.77/32 reject\n"})
    with run.mta.session("203.0.113.77", 2525, helo="") as session:
        run.encounter("postscreen_denylisted", client_ip="203.0.113.77", reply=session.greeting)
    session = run.mta.session(NAMELESS_CLIENT, 2525, helo="x.example.com")
    for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<juan@example.org>", "QUIT"):
        run.encounter("postscreen", client_ip=NAMELESS_CLIENT, reply=f"{command} -> {session.command(command)}")
    session.drop()
    import socket
    talker = socket.create_connection(("192.0.2.10", 2525), 10, source_address=(SECOND_CLIENT, 0))
    talker.sendall(b"EHLO early.example.com\r\nMAIL FROM:<eva@example.com>\r\nRCPT TO:<juan@example.org>\r\nDATA\r\nQUIT\r\n")
    replies = b""
    while chunk := talker.recv(4096):
        replies += chunk
    talker.close()
    run.encounter("postscreen_pregreet", client_ip=SECOND_CLIENT, reply=replies.decode(errors="replace"))
    first = run.send(EVA, [rejected("juan@example.org")], port=2525, accepted=False)
    run.notes.append(f"{first.message_id}: the deep tests end the first session with 450; the client comes back")
    run.send(EVA, [mailbox("juan@example.org")], port=2525)
    run.mta.wait_idle()


@scenario("postfix")
def syntax_and_limits(run: Run):
    run.start(main={"smtpd_hard_error_limit": "6", "smtpd_soft_error_limit": "3", "smtpd_client_message_rate_limit": "2",
                    "anvil_rate_time_unit": "600s", "smtpd_recipient_limit": "3", "smtpd_recipient_overshoot_limit": "2",
                    "strict_rfc821_envelopes": "yes", "smtpd_client_event_limit_exceptions": ""})
    with run.mta.session(SECOND_CLIENT, helo="outgoing2.example.com") as session:
        for command in ("MAIL FROM:<eva", "NONSENSE to=<x> from=<y>", "GET / HTTP/1.1", f"MAIL FROM:<{EVA}>", "RCPT TO:<@>",
                        "RCPT TO:<juan@@example.org>", "DATA", "VRFY juan", "ETRN example.org"):
            run.encounter("command", client_ip=SECOND_CLIENT, reply=f"{command} -> {session.command(command)}")
    run.send(EVA, [mailbox("juan@example.org"), mailbox("maria@example.org"), mailbox("ana@example.org"), rejected("info@example.org"),
                   rejected("team@example.org")])
    run.send(EVA, [mailbox("juan@example.org")])
    run.send(EVA, [rejected("juan@example.org")], accepted=False)
    run.mta.wait_idle()


@scenario("postfix")
def lmtp_scripted(run: Run):
    """An LMTP server with an answer for each recipient of one transaction."""
    sink = Sink("127.0.0.1", 24, "lmtp.example.org", Script(lmtp=True, lmtp_end_of_data={
        "maria@example.org": ["552 5.2.2 <maria@example.org> Quota exceeded (mailbox for user is full)"],
        "ana@example.org": ["451 4.3.0 <ana@example.org> Temporary internal error", "250 2.0.0 <ana@example.org> Saved"]}))
    try:
        run.start(main={"mailbox_transport": "lmtp:inet:127.0.0.1:24", "lmtp_destination_recipient_limit": "50",
                        "local_recipient_maps": "", "virtual_transport": "lmtp:inet:127.0.0.1:24", "virtual_mailbox_domains": "example.org",
                        "mydestination": "localhost", "virtual_mailbox_maps": "static:ok"})
        run.world.sinks["lmtp"] = sink
        run.send(EVA, [remote("juan@example.org"), bounced("maria@example.org"), remote("ana@example.org")], bounce=remote(EVA))
        run.notes.append("'remote' is here an LMTP server on 127.0.0.1: the site's own mailboxes")
        run.mta.wait_idle()
    finally:
        sink.close()


@scenario("postfix")
def milter(run: Run):
    filtering = Milter()
    try:
        run.start(main={"smtpd_milters": "inet:127.0.0.1:8891", "non_smtpd_milters": "inet:127.0.0.1:8891"})
        me = "juan@example.org"
        for name, outcome in (("mfreject", "rejected"), ("mftempfail", "rejected"), ("mfdiscard", "discarded"), ("rcpttempfail", "rejected"),
                              ("reject", "rejected"), ("tempfail", "rejected"), ("discard", "discarded"), ("quarantine", "held"),
                              ("reply", "rejected")):
            run.send(f"{name}@example.com", [To(me, outcome)], accepted=outcome != "rejected")
        run.send(EVA, [mailbox(me)])
        run.send("reject@example.com", [rejected(me), rejected("maria@example.org")], accepted=False)
        run.sendmail("reject@example.org", [bounced(me)], user="ana", args=["-i", "-f", "reject@example.org", me],
                     bounce=To("reject@example.org", "bounced"))
        run.mta.wait_idle(waiting=("hold",))
        filtering.close()
        run.send(EVA, [rejected(me)], accepted=False)
        run.notes.append("for the last mail the milter was gone: milter_default_action is tempfail")
        run.mta.wait_idle(waiting=("hold",))
    finally:
        filtering.close()


@scenario("postfix")
def smtp_source_to_sink(run: Run):
    """Postfix's own load generator and sink, 30 mails over 3 sessions at once."""
    run.start(main={"mynetworks": "127.0.0.0/8, 192.0.2.10"})
    sandbox, count = run.mta.sandbox, 30
    (sandbox.path("/tmp") / "dump").mkdir()
    sandbox.path("/tmp/dump").chmod(0o777)
    sandbox.start(["smtp-sink", "-d", "/tmp/dump/%M.", "-h", "mx.refused.example.net", "-u", "nobody", "198.51.100.9:25", "100"])
    sandbox.run(["smtp-source", "-m", str(count), "-s", "3", "-N", "-f", "load@example.org", "-t", "load@refused.example.net",
                 "-M", "mail.example.org", "-l", "2000", "192.0.2.10:25"])
    for number in range(1, count + 1):
        message = run.message("load@example.org", [To(f"{number}load@refused.example.net", "delivered")], client_ip="192.0.2.10")
        message.message_id = None
    run.notes.append("smtp-sink took them all; recipients are numbered")
    run.mta.wait_idle()
    dumped = "".join(path.read_text(errors="replace") for path in sandbox.path("/tmp/dump").iterdir())
    for message in run.messages:
        assert f"<{message.expected[0].recipient}>" in dumped, f"{message.expected[0].recipient}: not in the sink's dump"


@scenario("postfix")
def connection_reuse(run: Run):
    """Several mails to one host in a row: conn_use= in the log."""
    run.start(main={"smtp_connection_cache_on_demand": "yes", "smtp_connection_cache_destinations": "moody.example.net",
                    "default_destination_concurrency_limit": "1"}, with_dovecot=True)
    for number in range(5):
        run.send(ANA, [remote(f"friend{number}@moody.example.net")], login=ANA)
    run.mta.wait_idle()


@scenario("postfix")
def destination_suspended(run: Run):
    """A dead destination with mail waiting: error(8) repeats the cause without trying."""
    run.start(scripts={"moody.example.net": Script(greeting=[DROP])},
              main={"default_destination_concurrency_failed_cohort_limit": "1", "smtp_destination_concurrency_failed_cohort_limit": "1",
                    "default_destination_concurrency_limit": "1", "minimal_backoff_time": "3s"})
    for number in range(5):
        run.sendmail(ANA, [To(f"friend{number}@moody.example.net", "deferred")])
    run.mta.wait_for_log("delivery temporarily suspended", count=4)
    run.mta.wait_idle(waiting=("deferred", "active", "incoming"))
