"""Scenarios about how sites build with Exim: routers and transports of every kind, retries that end, other log selectors."""

import ssl

from .postfix import ALIASES
from .scenario import Run, To, bounced, mailbox, rejected, remote, scenario
from .scenarios_common import ANA, EVA, LUIS, ROSA, make_certificate
from .scenarios_postfix_sites import BOB, JUAN, MARIA, send_to
from .sink import Script, Sink
from .world import CLIENT, SECOND_CLIENT

NOONE = "noone@moody.example.net"
_NO_SUCH_USER = {"moody.example.net": Script(rcpt={NOONE: ["550 5.1.1 no such user"]})}


@scenario("exim")
def router_answers(run: Run):
    """A vacation router that answers beside the delivery, an archive copy of all, an alias to lists of every kind."""
    run.start(scripts=_NO_SUCH_USER, routers="archive:\n  driver = redirect\n  unseen\n  data = archive@example.com\n  condition = ${if eq{$sender_address}{bob@example.com}}\n"
                      "  repeat_use = false\n"
                      "vacation:\n  driver = accept\n  unseen\n  local_parts = maria\n  domains = +local_domains\n  condition = ${if !eq{$sender_address}{}}\n  no_verify\n  transport = answer\n"
                      "include:\n  driver = redirect\n  local_parts = list\n  domains = +local_domains\n  data = :include:/etc/list\n  one_time\n  errors_to = ana@example.org\n",
              transports="answer:\n  driver = autoreply\n  to = $sender_address\n  from = maria@example.org\n  subject = away\n  text = back soon\n  user = www-data\n",
              files={"/etc/list": "juan@example.org, luis@example.net, noone@moody.example.net\n"})
    run.send(EVA, [mailbox(MARIA)]).success_report = True
    send_to(run, BOB, [JUAN], [mailbox(JUAN), remote("archive@example.com", JUAN)])
    run.send(EVA, [mailbox(JUAN, "list@example.org"), To(LUIS, "delivered", "remote", "list@example.org", "ana@example.org"),
                   bounced(NOONE, "list@example.org")], bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario("exim")
def system_filter(run: Run):
    """What a system filter can do to a whole message."""
    run.start(main="system_filter = /etc/exim4/filter\nsystem_filter_user = www-data\nsystem_filter_file_transport = address_file\nsystem_filter_pipe_transport = address_pipe\n"
                   "system_filter_reply_transport = address_reply\nsystem_filter_directory_transport = address_directory",
              files={"/etc/exim4/filter": "# Exim filter\nif not first_delivery then finish endif\nif $h_subject: contains \"virus\" then\n  fail text \"<<virus found>>this has a virus\"\n  seen finish\nendif\n"
                                          "if $h_subject: contains \"freeze\" then\n  freeze text \"to be looked at\"\n  seen finish\nendif\nif $h_subject: contains \"drop\" then\n  seen finish\nendif\n"
                                          "if $h_subject: contains \"copy\" then\n  unseen deliver bob@example.com\nendif\nif $h_subject: contains \"instead\" then\n  deliver luis@example.net\n  seen finish\nendif\n"
                                          "if $h_subject: contains \"log\" then\n  logfile /var/log/exim4/filterlog\n  logwrite \"x\"\nendif\n"})
    run.send(EVA, [bounced(JUAN), bounced(MARIA)], headers={"Subject": "virus here"}, bounce=remote(EVA))
    run.send(EVA, [To(JUAN, "held")], headers={"Subject": "freeze this"})
    run.send(EVA, [To(JUAN, "discarded"), To(MARIA, "discarded")], headers={"Subject": "drop this"})
    send_to(run, EVA, [JUAN], [mailbox(JUAN), remote(BOB)], headers={"Subject": "copy this"})
    send_to(run, EVA, [JUAN], [remote(LUIS)], headers={"Subject": "instead of him"})
    run.mta.wait_for_log("frozen|Frozen")
    run.mta.wait_idle(waiting=1)


@scenario("exim")
def hosts_in_turn(run: Run):
    """Several hosts for one route: some dead, some busy; fallback hosts; how many are tried."""
    run.start(scripts={"mx1.example.net": Script(rcpt={LUIS: ["451 4.3.0 not now", "250 ok"], "limit@example.net": ["451 4.3.0 first says later"]}),
                       "mx2.example.net": Script(rcpt={LUIS: ["452 4.2.2 second is full", "250 ok"], "limit@example.net": ["250 ok"]}),
                       "moody.example.net": Script(rcpt={"fall@refused.example.net": ["250 2.1.5 fallback takes it"]})},
              routers="smart:\n  driver = manualroute\n  domains = refused.example.net\n  route_list = refused.example.net mx.refused.example.net:mx.unreachable.example.net\n  transport = with_fallback\n"
                      "three:\n  driver = manualroute\n  senders = three@example.org\n  route_list = * mx.refused.example.net:mx1.example.net:mx2.example.net\n  transport = remote_smtp\n",
              transports="with_fallback:\n  driver = smtp\n  fallback_hosts = mx.moody.example.net\n  connect_timeout = 2s\n")
    run.sendmail(ANA, [remote("fall@refused.example.net")])
    run.sendmail("three@example.org", [remote(LUIS)], user="www-data", args=["-i", "-f", "three@example.org", LUIS])
    run.mta.wait_idle()


@scenario("exim")
def two_failures_at_two_times(run: Run):
    """One recipient fails at once, one when its time is over: two bounces. A delay warning between."""
    run.start(scripts={"moody.example.net": Script(rcpt={NOONE: ["550 5.1.1 no such user"], ROSA: ["450 4.2.1 mailbox busy"]})}, retry="* * F,8s,2s",
              main="delay_warning = 3s\ndelay_warning_condition = true")
    run.send(ANA, [To(ROSA, "expired"), mailbox(JUAN)], login=ANA, bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario("exim")
def host_has_been_failing(run: Run):
    """When a host's time is over, the next mail to it fails at once."""
    run.start(retry="* * F,4s,1s")
    run.sendmail(ANA, [To("a@refused.example.net", "expired")], bounce=mailbox(ANA))
    run.mta.wait_idle()
    run.sendmail(ANA, [To("b@refused.example.net", "expired"), mailbox(JUAN)], bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario("exim")
def tls_wanted(run: Run):
    key, certificate = make_certificate(run, "mx.tls.example.net")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    run.start(scripts={"tls.example.net": Script(starttls=context)}, remote_smtp="hosts_require_tls = mx.moody.example.net\n  tls_verify_hosts = mx.tls.example.net\n  hosts_require_auth = mx.example.com",
              main="log_selector = +tls_peerdn +tls_certificate_verified +outgoing_interface")
    run.sendmail(ANA, [To(ROSA, "deferred"), remote("rosa@tls.example.net"), To(EVA, "deferred"), remote(LUIS)])
    run.mta.wait_for_log("rosa@moody.*==|== rosa@moody", count=2)
    run.mta.wait_idle(waiting=1)


@scenario("exim")
def cutthrough_refused(run: Run):
    """The other side's answer is passed to our client: refused, later, refused at the end of data."""
    run.start(scripts={"moody.example.net": Script(rcpt={NOONE: ["550 5.1.1 no such user"], "later@moody.example.net": ["451 4.3.0 later"]},
                                                  end_of_data=["550 5.7.1 spam says the other side", "250 2.0.0 Ok: queued as {queue_id}"])},
              rcpt="  accept domains = moody.example.net\n         verify = recipient/callout=5s,defer_ok\n         control = cutthrough_delivery\n")
    run.send(EVA, [rejected(NOONE)], accepted=False)
    run.send(EVA, [rejected(ROSA)], accepted=False)
    run.send(EVA, [remote(ROSA)])
    run.mta.wait_idle()


@scenario("exim")
def queued_first(run: Run):
    """queue_only with a split spool, and a queue run that empties it: many mails for one host in one connection."""
    run.start(main="queue_only = true\nsplit_spool_directory = true\nlog_selector = +queue_run +deliver_time +queue_time +queue_time_overall +smtp_mailauth", remote_smtp="connection_max_messages = 3",
              queue_run="4s")
    for number in range(7):
        run.sendmail(ANA, [remote(f"friend{number}@moody.example.net")])
    run.send(EVA, [mailbox(JUAN), mailbox(MARIA)])
    run.mta.wait_idle()


@scenario("exim")
def minimal_log(run: Run):
    """As little as Exim can be told to log."""
    run.start(scripts={"moody.example.net": Script(rcpt={NOONE: ["550 5.1.1 no such user"], ROSA: ["450 4.2.1 busy", "250 ok"]})},
              main="log_selector = -all")
    run.send(ANA, [remote(LUIS), bounced(NOONE), remote(ROSA), mailbox(JUAN)], login=ANA, bounce=mailbox(ANA))
    run.send(EVA, [rejected("nobody-here@example.org")], accepted=False)
    run.mta.wait_idle()


@scenario("exim")
def discarded_by_acl(run: Run):
    """`discard` at MAIL, at RCPT for one of two, at DATA; prdr; chunks; DKIM that does not verify."""
    run.start(main="prdr_enable = true\nacl_smtp_data_prdr = acl_prdr\nchunking_advertise_hosts = *\nlog_selector = +all", mail="  discard senders = bin@example.com\n",
              rcpt="  discard recipients = maria@example.org\n          log_message = maria gets nothing\n",
              data="  accept\nacl_prdr:\n  deny message = not for ana\n       condition = ${if eq{$local_part}{ana}}\n")
    run.send("bin@example.com", [To(JUAN, "discarded"), To(ANA, "discarded")])
    run.send(EVA, [mailbox(JUAN), To(MARIA, "discarded")])
    run.send(EVA, [To(MARIA, "discarded")])
    content_headers = {"DKIM-Signature": "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=sel; h=from:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA"}
    run.send(EVA, [mailbox(JUAN)], headers=content_headers)
    with run.mta.session() as session:
        whole = run.message(EVA, [mailbox(JUAN)], client_ip=CLIENT)
        content = run.content(whole.message_id, EVA).replace(b"\n", b"\r\n")
        for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<juan@example.org>"):
            session.command(command)
        session.write(f"BDAT {len(content)} LAST\r\n".encode() + content)
        run.encounter("chunked", client_ip=CLIENT, reply=session._read())
        prdr = run.message(EVA, [mailbox(JUAN), rejected(ANA)], client_ip=CLIENT)
        for command in (f"MAIL FROM:<{EVA}> PRDR", "RCPT TO:<juan@example.org>", "RCPT TO:<ana@example.org>", "DATA"):
            session.command(command)
        replies = [session.end_of_data(run.content(prdr.message_id, EVA)), session._read(), session._read(), session._read()]
        run.notes.append(f"prdr replies: {replies}")
    run.mta.wait_idle()


@scenario("exim")
def limits_of_sessions(run: Run):
    run.start(main="recipients_max = 2\nrecipients_max_reject = true\nsmtp_accept_max_per_connection = 2\nsmtp_accept_max_per_host = 2\nsmtp_max_unknown_commands = 2\nsmtp_max_synprot_errors = 2\n"
                   "smtp_receive_timeout = 3s\nlog_selector = +smtp_incomplete_transaction +smtp_protocol_error +smtp_syntax_error +smtp_no_mail +lost_incoming_connection +smtp_connection")
    run.send(EVA, [rejected(JUAN), rejected(MARIA), rejected(ANA)], accepted=False)
    with run.mta.session() as session:
        for number in range(3):
            expected = [mailbox(JUAN)] if number < 2 else [rejected(MARIA)]
            message = run.message(EVA, expected, client_ip=CLIENT, accepted=number < 2)
            message.dialogue = session.mail(EVA, run.rcpts(expected), run.content(message.message_id, EVA))
    with run.mta.session(SECOND_CLIENT) as session:
        for command in ("NONSENSE", "MORE", "YET MORE", "NOOP"):
            run.encounter("command", client_ip=SECOND_CLIENT, reply=f"{command} -> {session.command(command)}")
    session = run.mta.session()
    for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<juan@example.org>", "DATA"):
        session.command(command)
    session.write(b"Subject: slow\r\n\r\nslo")
    run.mta.wait_for_log("timeout|timed out")
    session.drop()
    with run.mta.session() as session:
        session.command(f"MAIL FROM:<{EVA}>")
        session.command("RCPT TO:<juan@example.org>")
    opened = [run.mta.session(SECOND_CLIENT, helo="") for _ in range(2)]
    third = run.mta.session(SECOND_CLIENT, helo="")
    run.encounter("too many", client_ip=SECOND_CLIENT, reply=third.greeting)
    for session in [*opened, third]:
        session.drop()
    run.mta.wait_idle()


@scenario("exim")
def pipes_that_fail(run: Run):
    run.start(aliases=ALIASES + "silent: |/usr/local/bin/silent\nsignal: |/usr/local/bin/signal\nslow: |/usr/local/bin/slow\nignored: |/usr/local/bin/silent\nmissing: |/usr/local/bin/missing\n",
              files={"/usr/local/bin/silent": "#!/bin/sh\ncat >/dev/null\nexit 3\n", "/usr/local/bin/signal": "#!/bin/sh\nkill -9 $$\n", "/usr/local/bin/slow": "#!/bin/sh\nsleep 20\n"},
              main="", routers="ignoring:\n  driver = redirect\n  local_parts = ignored\n  domains = +local_domains\n  data = |/usr/local/bin/silent\n  pipe_transport = careless\n  user = www-data\n"
                               "slowly:\n  driver = redirect\n  local_parts = slow\n  domains = +local_domains\n  data = |/usr/local/bin/slow\n  pipe_transport = impatient\n  user = www-data\n",
              transports="careless:\n  driver = pipe\n  ignore_status\nimpatient:\n  driver = pipe\n  timeout = 2s\n")
    def pipe(name, outcome):
        return To(f"{name}@example.org", outcome, "program" if outcome == "delivered" else None)
    run.send(EVA, [pipe("silent", "bounced")], bounce=remote(EVA))
    run.send(EVA, [pipe("signal", "bounced")], bounce=remote(EVA))
    run.send(EVA, [pipe("slow", "bounced")], bounce=remote(EVA))
    run.send(EVA, [pipe("ignored", "delivered")])
    run.send(EVA, [pipe("missing", "bounced")], bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("exim")
def lmtp_in_part(run: Run):
    """One LMTP transaction with an answer for each recipient."""
    sink = Sink("127.0.0.1", 24, "lmtp.example.org", Script(lmtp=True, lmtp_end_of_data={
        "maria@example.org": ["552 5.2.2 <maria@example.org> Quota exceeded (mailbox for user is full)"],
        "ana@example.org": ["451 4.3.0 <ana@example.org> Temporary internal error", "250 2.0.0 <ana@example.org> Saved"]}))
    try:
        run.start(routers="store:\n  driver = manualroute\n  domains = +local_domains\n  senders = eva@example.com\n  route_list = * 127.0.0.1\n  self = send\n  transport = store\n",
                  transports="store:\n  driver = smtp\n  protocol = lmtp\n  port = 24\n  allow_localhost\n")
        run.world.sinks["lmtp"] = sink
        run.send(EVA, [remote(JUAN), bounced(MARIA), remote(ANA)], bounce=remote(EVA))
        run.mta.wait_idle()
    finally:
        sink.close()


@scenario("exim")
def maildirs_over_quota(run: Run):
    run.start(routers="boxes:\n  driver = accept\n  domains = +local_domains\n  check_local_user\n  transport = boxes\n", retry="* quota F,4s,1s\n* * F,60s,2s",
              transports="boxes:\n  driver = appendfile\n  directory = /var/vmail/$local_part_data\n  maildir_format\n  create_directory\n  quota = ${if eq{$local_part}{juan}{1K}{10M}}\n  user = vmail\n  maildir_tag = ,S=$message_size\n")
    run.send(EVA, [To(JUAN, "expired"), mailbox(MARIA)], body="x" * 70 + "\n" + ("y" * 70 + "\n") * 60, bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("exim")
def batch_and_standard_input(run: Run):
    """-bS, -bs, -t with Bcc, -oMr: local ways in beside sendmail -i."""
    run.start(main="log_selector = +received_recipients +subject")
    sandbox = run.mta.sandbox
    message = run.message(ANA, [mailbox(JUAN), remote(LUIS)], "local", user="ana")
    content = run.content(message.message_id, ANA).decode()
    sandbox.run(["exim4", "-bS"], user="ana", stdin=f"MAIL FROM:<{ANA}>\nRCPT TO:<{JUAN}>\nRCPT TO:<{LUIS}>\nDATA\n{content}.\n")
    message = run.message(ANA, [mailbox(MARIA)], "local", user="ana")
    content = run.content(message.message_id, ANA).decode().replace("\n", "\r\n")
    sandbox.run(["exim4", "-bs"], user="ana", stdin=f"EHLO localhost\r\nMAIL FROM:<{ANA}>\r\nRCPT TO:<{MARIA}>\r\nDATA\r\n{content}.\r\nQUIT\r\n")
    run.sendmail("www-data@example.org", [remote(EVA), remote(BOB)], user="www-data", args=["-t", "-i"])
    run.mta.wait_idle()


@scenario("exim")
def frozen_bounces_go(run: Run):
    """ignore_bounce_errors_after and auto_thaw: bounces that nobody takes."""
    run.start(scripts={"moody.example.net": Script(rcpt={NOONE: ["550 5.1.1 no such user"], ROSA: ["550 5.1.1 gone too"]})}, main="ignore_bounce_errors_after = 4s\nauto_thaw = 2s")
    run.send("rosa@moody.example.net", [mailbox(JUAN)])
    run.sendmail(ROSA, [bounced(NOONE)], user="www-data", args=["-i", "-f", ROSA, NOONE], bounce=To(ROSA, "bounced"))
    run.mta.wait_for_log("error ignored|Frozen|frozen")
    run.mta.wait_idle(waiting=0, timeout=60)
