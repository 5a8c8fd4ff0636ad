"""Scenarios about how sites build with Postfix: filters behind filters, instances, lists, copies, policies, relays."""

import socketserver
import ssl
import threading

from .milter import Milter
from .postfix import ALIASES
from .scenario import Message, Run, To, bounced, mailbox, rejected, remote, scenario
from .scenarios_common import ANA, EVA, LUIS, ROSA, make_certificate
from .scenarios_postfix import _REINJECT, _start_filter
from .sink import Script
from .world import CLIENT, NAMELESS_CLIENT, SECOND_CLIENT

JUAN, MARIA, BOB = "juan@example.org", "maria@example.org", "bob@example.com"


def send_to(run: Run, sender: str, given: list[str], expected: list[To], *, rcpt_parameters: str = "", mail_parameters: str = "",
            headers: dict[str, str] | None = None, login: str | None = None, **options) -> Message:
    """Recipients as the client gave them, who may be others than those who get it."""
    message = run.message(sender, expected, "submission" if login else "mx", login=login, client_ip=options.pop("source", CLIENT), **options)
    with run.mta.session(message.submission["client_ip"], 587 if login else 25) as session:
        if login:
            session.login(login, "secret")
        message.dialogue = session.mail(sender, given, run.content(message.message_id, sender, headers), mail_parameters, rcpt_parameters)
    return message


@scenario("postfix")
def filter_behind_milters(run: Run):
    """Milters in front, a filter by SMTP behind the queue, milters off where it comes back; aliases once, after the filter."""
    filtering = Milter()
    run.start(main={"content_filter": "scan:[127.0.0.1]:10024", "smtpd_milters": "inet:127.0.0.1:8891",
                    "receive_override_options": "no_address_mappings", "virtual_alias_maps": "inline:{{both@example.org=juan@example.org,luis@example.net}}"},
              master="scan unix - - n - 10 smtp\n  -o smtp_send_xforward_command=yes\n  -o disable_dns_lookups=yes\n  -o max_use=20\n"
                     + _REINJECT + "  -o smtpd_milters=\n  -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_milters\n")
    proxy = _start_filter(run)
    try:
        run.send(EVA, [mailbox(JUAN), mailbox(MARIA)])
        run.send(EVA, [mailbox(JUAN, "both@example.org"), remote(LUIS, "both@example.org")])
        run.send(EVA, [bounced(JUAN), bounced(MARIA)], headers={"X-Virus": "yes"}, bounce=remote(EVA))
        run.send("quarantine@example.com", [To(JUAN, "held")])
        run.send("discard@example.com", [To(JUAN, "discarded")])
        run.send("reply@example.com", [rejected(JUAN)], accepted=False)
        send_to(run, "addrcpt@example.com", [JUAN], [mailbox(JUAN), remote(BOB)])
        run.mta.wait_idle(waiting=("hold",))
        proxy.close()
        run.send(EVA, [mailbox(MARIA)])
        run.mta.wait_for_log("127.0.0.1.*Connection refused", count=2)
        proxy = _start_filter(run)
        run.mta.wait_idle(waiting=("hold",))
    finally:
        proxy.close()
        filtering.close()


@scenario("postfix")
def milter_stages(run: Run):
    filtering = Milter()
    try:
        run.start(main={"smtpd_milters": "inet:127.0.0.1:8891"})
        run.send(EVA, [rejected(JUAN)], accepted=False, source="203.0.113.77", helo="spammer.example.com")
        run.send(EVA, [rejected(JUAN)], accepted=False, source=SECOND_CLIENT, helo="bad.example.com")
        for name in ("datareject", "headertempfail", "bodyreject", "hangup"):
            run.send(f"{name}@example.com", [rejected(JUAN), rejected(MARIA)], accepted=False)
        run.send("headerdiscard@example.com", [To(JUAN, "discarded"), To(MARIA, "discarded")])
        send_to(run, "addrcpt@example.com", [JUAN], [mailbox(JUAN), remote(BOB)])
        send_to(run, "delrcpt@example.com", [JUAN, MARIA], [mailbox(JUAN)])
        send_to(run, "chgfrom@example.com", [JUAN], [mailbox(JUAN)])
        run.mta.wait_idle()
    finally:
        filtering.close()


@scenario("postfix")
def blind_copies(run: Run):
    run.start(main={"always_bcc": "archive@example.com", "sender_bcc_maps": "inline:{{eva@example.com=bob@example.com}}",
                    "recipient_bcc_maps": "inline:{{maria@example.org=ana@example.org}}"}, with_dovecot=True)
    archive = remote("archive@example.com")
    send_to(run, EVA, [JUAN, MARIA], [mailbox(JUAN), mailbox(MARIA), mailbox(ANA), remote(BOB), archive])
    send_to(run, "x@example.com", [JUAN], [mailbox(JUAN), archive])
    send_to(run, ANA, [LUIS], [remote(LUIS), archive], login=ANA)
    run.mta.wait_idle()


@scenario("postfix")
def virtual_alias_to_fifty(run: Run):
    """One address that stands for fifty, of which one is unknown, one busy, one an alias again."""
    friends = [f"friend{number}@moody.example.net" for number in range(44)]
    others = ["noone@moody.example.net", "later@moody.example.net", "juan+list@example.org", MARIA, "info@example.org", LUIS]
    run.start(main={"virtual_alias_maps": "inline:{{all@example.org=" + ",".join(friends + others) + "}}"},
              scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"],
                                                        "later@moody.example.net": ["450 4.2.0 greylisted", "250 2.1.5 Ok"]})})
    given = "all@example.org"
    run.send(EVA, [*(remote(friend, given) for friend in friends), bounced(others[0], given), remote(others[1], given),
                   mailbox(others[2], given), mailbox(MARIA, given), mailbox(JUAN, given), remote(LUIS, given)], bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("postfix")
def lists_and_owners(run: Run):
    """:include: lists with an owner, whose bounces go to the owner; a list program that sends on by itself; nobody twice."""
    run.start(aliases=ALIASES + "news: :include:/etc/news\nowner-news: ana\nannounce: \"|/usr/local/bin/list\"\ntwice: juan, info, juan\n",
              files={"/etc/news": "juan@example.org\nluis@example.net\nnoone@moody.example.net\n",
                     "/usr/local/bin/list": "#!/bin/sh\nexec /usr/sbin/sendmail -i -f announce-bounces@example.org maria@example.org luis@example.net\n"},
              scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"]})},
              main={"default_privs": "www-data"})
    given = "news@example.org"
    run.send(EVA, [mailbox(JUAN, given), To(LUIS, "delivered", "remote", given, "owner-news@example.org"), bounced("noone@moody.example.net", given)])
    run.notes.append("what the list could not deliver is told to its owner")
    run.send(EVA, [To("announce@example.org", "delivered", "program")])
    run.send(EVA, [mailbox(JUAN, "twice@example.org")])
    run.mta.wait_idle()


@scenario("postfix")
def dot_forward_mixed(run: Run):
    run.start(files={"/home/juan/.forward": "\\juan, \"|/usr/local/bin/sorter a b\", luis@example.net\n", "/home/maria/.forward": "\"|/bin/false\"\n",
                     "/usr/local/bin/sorter": "#!/bin/sh\ncat >/dev/null\n", "/home/ana/.forward": "/home/ana/inbox, noone@moody.example.net\n"},
              scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"]})})
    run.send(EVA, [mailbox(JUAN), remote(LUIS, JUAN)])
    run.send(EVA, [bounced(MARIA)], bounce=remote(EVA))
    run.send(EVA, [To(ANA, "delivered", "file"), bounced("noone@moody.example.net", ANA)], bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("postfix")
def relay_login_fails(run: Run):
    run.start(scripts={"moody.example.net": Script(capabilities=("PIPELINING", "AUTH PLAIN LOGIN", "ENHANCEDSTATUSCODES"))},
              main={"relayhost": "[mx.moody.example.net]", "smtp_sasl_auth_enable": "yes", "smtp_sasl_password_maps": "inline:{{[mx.moody.example.net]=us:wrong}}",
                    "smtp_sasl_security_options": "noanonymous"})
    run.sendmail(ANA, [To(LUIS, "deferred"), mailbox(JUAN)])
    run.mta.wait_for_log("luis@example.net.*status=deferred", count=2)
    run.mta.wait_idle(waiting=("deferred",))


@scenario("postfix")
def tls_required(run: Run):
    key, certificate = make_certificate(run, "mx.tls.example.net")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    run.start(scripts={"tls.example.net": Script(starttls=context)},
              main={"smtp_tls_security_level": "may", "smtp_tls_loglevel": "1",
                    "smtp_tls_policy_maps": "inline:{{moody.example.net=encrypt},{tls.example.net=verify},{example.net=secure}}"})
    run.sendmail(ANA, [To(ROSA, "deferred"), To("rosa@tls.example.net", "deferred"), To(LUIS, "deferred"), mailbox(JUAN)])
    run.mta.wait_for_log("rosa@moody.*status=deferred", count=2)
    run.mta.wait_idle(waiting=("deferred",))


@scenario("postfix")
def asked_for_reports(run: Run):
    """RFC 3461: reports of success, of delay, none at all; and to a server that cannot pass the wish on."""
    run.start(scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"],
                                                        "later@moody.example.net": ["450 4.2.1 busy", "450 4.2.1 busy", "450 4.2.1 busy", "450 4.2.1 busy", "250 Ok"]},
                                                  capabilities=("PIPELINING", "ENHANCEDSTATUSCODES"))},
              main={"delay_warning_time": "2s", "mynetworks": "127.0.0.0/8, 203.0.113.50"})
    send_to(run, EVA, ["noone@moody.example.net", JUAN], [bounced("noone@moody.example.net"), mailbox(JUAN)], rcpt_parameters="NOTIFY=NEVER")
    send_to(run, EVA, ["noone@moody.example.net", JUAN, "friend@moody.example.net", LUIS],
            [bounced("noone@moody.example.net"), mailbox(JUAN), remote("friend@moody.example.net"), remote(LUIS)],
            rcpt_parameters="NOTIFY=SUCCESS,FAILURE,DELAY", mail_parameters="RET=HDRS ENVID=a+2Bb", bounce=remote(EVA)).success_report = True
    send_to(run, EVA, ["later@moody.example.net"], [remote("later@moody.example.net")], rcpt_parameters="NOTIFY=DELAY ORCPT=rfc822;Later+2Bx@moody.example.net").success_report = True
    run.mta.wait_idle()


@scenario("postfix")
def too_many_connections(run: Run):
    """A host that greets with 421 half of the time, while twenty mails wait for it."""
    busy = "421 4.7.0 {name} Too many concurrent connections from your address"
    run.start(scripts={"moody.example.net": Script(greeting=[busy, "220 {name} ESMTP", busy, busy, "220 {name} ESMTP", busy, "220 {name} ESMTP"],
                                                  end_of_data=["250 2.0.0 Ok: queued as {queue_id}", "421 4.3.2 closing now", "250 2.0.0 Ok: queued as {queue_id}"])},
              main={"smtp_destination_concurrency_limit": "3", "mynetworks": "127.0.0.0/8, 203.0.113.50"})
    for number in range(12):
        run.send(EVA, [remote(f"friend{number}@moody.example.net"), remote(f"other{number}@moody.example.net")])
    run.mta.wait_idle()


@scenario("postfix")
def bounces_expire(run: Run):
    """Nobody to tell: mail from <> that cannot be delivered ends without a word, and so does a bounce."""
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 mailbox busy"], "noone@moody.example.net": ["550 5.1.1 no such user"]})},
              main={"bounce_queue_lifetime": "5s", "maximal_queue_lifetime": "5s", "mynetworks": "127.0.0.0/8, 203.0.113.50"})
    run.send("", [To(ROSA, "expired"), mailbox(JUAN)])
    run.send("rosa@moody.example.net", [bounced("noone@moody.example.net")], bounce=To(ROSA, "expired"))
    run.mta.wait_idle()


@scenario("postfix")
def queue_handled_by_admin(run: Run):
    """All that postsuper can do to one mail in a row, and to the whole queue."""
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 mailbox busy"] * 3 + ["250 2.1.5 Ok"], "stuck@moody.example.net": ["450 4.2.1 stuck"]})},
              main={"header_checks": "inline:{{x=DUNNO}}", "smtpd_sender_restrictions": "check_sender_access inline:{{hold@example.com=HOLD by rule}}",
                    "minimal_backoff_time": "300s", "maximal_backoff_time": "300s"})
    sandbox = run.mta.sandbox
    run.send("hold@example.com", [mailbox(JUAN)])
    run.send("hold@example.com", [To(MARIA, "deleted")])
    run.sendmail(ANA, [remote(ROSA)])
    run.sendmail(ANA, [To("stuck@moody.example.net", "held"), mailbox(JUAN)])
    run.mta.wait_for_log("status=deferred", count=2)
    run.mta.wait_idle(waiting=("deferred", "hold"))
    held = run.mta.queue()["hold"]
    by_recipient = {}
    for name in held:
        shown = sandbox.run(["postcat", "-q", "-e", name]).stdout.decode()
        by_recipient["maria" if MARIA in shown else "juan"] = name
    deferred = {("stuck" if "stuck@" in sandbox.run(["postcat", "-q", "-e", name]).stdout.decode() else "rosa"): name for name in run.mta.queue()["deferred"]}
    sandbox.run(["postsuper", "-d", by_recipient["maria"]])
    sandbox.run(["postsuper", "-r", by_recipient["juan"]])  # leaves hold, through pickup under a new id
    sandbox.run(["postkick", "public", "pickup", "W"], check=False)
    run.mta.wait_idle(waiting=("deferred", "hold"))
    sandbox.run(["postsuper", "-h", deferred["rosa"]])
    sandbox.run(["postsuper", "-r", deferred["rosa"]])
    sandbox.run(["postkick", "public", "pickup", "W"], check=False)
    run.mta.wait_for_log("mailbox busy", count=2)
    run.mta.wait_idle(waiting=("deferred", "hold"))
    sandbox.run(["postsuper", "-r", "ALL"])
    sandbox.run(["postkick", "public", "pickup", "W"], check=False)
    run.mta.wait_for_log("mailbox busy", count=3)
    run.mta.wait_idle(waiting=("deferred", "hold"))
    sandbox.run(["postqueue", "-f"])
    run.mta.wait_for_log("rosa@moody.example.net.*status=sent")
    sandbox.run(["postsuper", "-h", *run.mta.queue()["deferred"]])
    run.mta.wait_idle(waiting=("deferred", "hold"))


@scenario("postfix")
def fallback_relay(run: Run):
    """The first MX is dead, the second says no for now; then the fallback takes it, refuses it, is busy."""
    run.start(scripts={"mx2.example.net": Script(rcpt={address: ["451 4.3.0 later"] for address in (LUIS, "no@example.net", "busy@example.net")}),
                       "moody.example.net": Script(rcpt={"no@example.net": ["550 5.7.1 fallback says no"], "busy@example.net": ["450 4.2.1 fallback busy", "250 2.1.5 Ok"]})},
              down=("mx1.example.net",), main={"smtp_fallback_relay": "[mx.moody.example.net]"})
    run.sendmail(ANA, [remote(LUIS), bounced("no@example.net"), remote("busy@example.net"), remote("x@nosuchdomain.example.net")], bounce=mailbox(ANA))
    run.mta.wait_idle()


@scenario("postfix")
def two_instances(run: Run):
    """postmulti's usual pair: one instance takes mail in and hands it to a second one, which sends it out."""
    out = ("compatibility_level = 3.6\nqueue_directory = /var/spool/postfix-out\ndata_directory = /var/lib/postfix-out\ncommand_directory = /usr/sbin\n"
           "daemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\nsetgid_group = postdrop\nmyhostname = out.example.org\nmydomain = example.org\n"
           "myorigin = example.org\nmydestination =\nlocal_transport = error:5.1.1 no local mail\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\n"
           "inet_protocols = ipv4\nsyslog_name = postfix-out\nmulti_instance_name = postfix-out\nmulti_instance_group = mta\nmulti_instance_enable = yes\n"
           "smtpd_relay_restrictions = permit_mynetworks, reject\nauthorized_submit_users =\nalias_maps =\nalias_database =\nrelay_domains =\n"
           "minimal_backoff_time = 2s\nmaximal_backoff_time = 3s\nqueue_run_delay = 1s\nrelayhost =\ntransport_maps = inline:{{example.org=smtp:[127.0.0.1]:10026}}\n")
    run.start(scripts={"moody.example.net": Script(rcpt={ROSA: ["450 4.2.1 busy", "250 2.1.5 Ok"], "noone@moody.example.net": ["550 5.1.1 no such user"]})},
              main={"relayhost": "[127.0.0.1]:10025", "multi_instance_enable": "yes", "multi_instance_name": "", "multi_instance_directories": ""}, master=_REINJECT, with_dovecot=True)
    from .postfix import _MASTER
    sandbox = run.mta.sandbox
    sandbox.run(["cp", "-r", "/etc/postfix", "/etc/postfix-out"])
    sandbox.write("/etc/postfix-out/main.cf", out)
    master = _MASTER.replace("smtp      inet", "127.0.0.1:10025 inet").replace("submission inet", "127.0.0.1:10587 inet")
    sandbox.write("/etc/postfix-out/master.cf", master)
    for directory in ("/var/lib/postfix-out", "/var/spool/postfix-out"):
        sandbox.path(directory).mkdir(exist_ok=True)
    sandbox.run(["chown", "postfix", "/var/lib/postfix-out"])
    sandbox.write("/etc/postfix/main.cf", sandbox.path("/etc/postfix/main.cf").read_text() + "alternate_config_directories = /etc/postfix-out\n")
    sandbox.start(["postfix", "-c", "/etc/postfix-out", "start-fg"])
    run.mta.wait_for_log(r"postfix-out/master.*daemon started -- version")
    run.send(ANA, [remote(LUIS), remote(ROSA), mailbox(JUAN)], login=ANA)
    run.send(ANA, [bounced("noone@moody.example.net")], login=ANA, bounce=mailbox(ANA))
    run.sendmail(ANA, [remote(EVA)])
    run.mta.wait_for_log(r"postfix-out/qmgr.*: removed", count=4)
    run.mta.wait_idle()


@scenario("postfix")
def proxy_filter_fails(run: Run):
    """The before-queue filter is away, then speaks badly."""
    class Bad(socketserver.StreamRequestHandler):
        replies = {"greet": [b"421 4.3.2 filter is starting\r\n"], "mail": [b"250 ok\r\n", b"451 4.3.0 filter has no memory\r\n", b"250 ok\r\n", b"250 ok\r\n"],
                   "rcpt": [b"250 ok\r\n", b"450 4.7.1 not this one\r\n", b"250 ok\r\n"]}

        def handle(self):
            queue = self.replies
            greet = queue["greet"].pop(0) if queue["greet"] else b"220 filter ESMTP\r\n"
            self.wfile.write(greet)
            while greet.startswith(b"220") and (line := self.rfile.readline()):
                verb = line[:4].upper()
                if verb == b"MAIL":
                    self.wfile.write(queue["mail"].pop(0) if queue["mail"] else b"250 ok\r\n")
                elif verb == b"RCPT":
                    self.wfile.write(queue["rcpt"].pop(0) if queue["rcpt"] else b"250 ok\r\n")
                elif verb == b"DATA":
                    self.wfile.write(b"354 go\r\n")
                    self.rfile.readline()
                    return
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 filter\r\n")

    run.start(main={"smtpd_proxy_filter": "127.0.0.1:10024", "smtpd_proxy_timeout": "3s"}, master=_REINJECT)
    run.send(EVA, [rejected(JUAN)], accepted=False)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
    server = Server(("127.0.0.1", 10024), Bad)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for recipient in (JUAN, JUAN, MARIA, JUAN):
            run.send(EVA, [rejected(recipient)], accepted=False)
    finally:
        server.shutdown()
        server.server_close()
    run.mta.wait_idle()


_POLICY = """#!/bin/sh
recipient= sender=
while read -r line; do
  case $line in
    recipient=*) recipient=${line#*=} ;;
    sender=*) sender=${line#*=} ;;
    '') case $sender in
          hold@*) echo 'action=HOLD policy says wait' ;;
          filter@*) echo 'action=FILTER smtp:[198.51.100.20]:25' ;;
          redirect@*) echo 'action=REDIRECT maria@example.org' ;;
          discard@*) echo 'action=DISCARD policy bin' ;;
          reject@*) echo 'action=REJECT 5.7.23 SPF: not permitted to send mail for example.com' ;;
          defer@*) echo 'action=450 4.7.1 Greylisted, see http://postgrey.example.org/help/example.org.html' ;;
          prepend@*) echo 'action=PREPEND X-Policy: yes' ;;
          bcc@*) echo 'action=BCC bob@example.com' ;;
          crash@*) exit 1 ;;
          *) echo 'action=DUNNO' ;;
        esac
        echo ;;
  esac
done
"""


@scenario("postfix")
def policy_server(run: Run):
    run.start(main={"smtpd_recipient_restrictions": "check_policy_service unix:private/policy", "smtpd_policy_service_try_limit": "1",
                    "smtpd_policy_service_retry_delay": "1s"},
              master="policy unix - n n - 0 spawn user=nobody argv=/usr/local/bin/policy\n", files={"/usr/local/bin/policy": _POLICY})
    two = [JUAN, ANA]
    run.send("hold@example.com", [To(JUAN, "held"), To(ANA, "held")])
    send_to(run, "filter@example.com", two, [remote(JUAN), remote(ANA)])
    send_to(run, "redirect@example.com", two, [mailbox(MARIA)])
    run.send("discard@example.com", [To(JUAN, "discarded"), To(ANA, "discarded")])
    for name in ("reject", "defer", "crash"):
        run.send(f"{name}@example.com", [rejected(JUAN), rejected(ANA)], accepted=False)
    run.send("prepend@example.com", [mailbox(JUAN), mailbox(ANA)])
    send_to(run, "bcc@example.com", [JUAN], [mailbox(JUAN), remote(BOB)])
    run.mta.wait_idle(waiting=("hold",))


@scenario("postfix")
def clients_that_hang_up(run: Run):
    run.start(main={"smtpd_timeout": "3s", "smtpd_hard_error_limit": "3", "smtpd_soft_error_limit": "10"})
    message = run.message(EVA, [rejected("nobody-here@example.org"), To(JUAN, "unknown"), rejected("luis9@example.net")], client_ip=CLIENT, accepted=False)
    session = run.mta.session()
    for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<nobody-here@example.org>", "RCPT TO:<juan@example.org>", "RCPT TO:<luis9@example.net>", "DATA"):
        session.command(command)
    session.write(b"Message-ID: " + message.message_id.encode() + b"\r\n\r\nhal")
    session.drop()
    session = run.mta.session(SECOND_CLIENT, helo="outgoing2.example.com")
    for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<maria@example.org>"):
        session.command(command)
    run.mta.wait_for_log("timeout after RCPT")
    session.drop()
    session = run.mta.session(SECOND_CLIENT, helo="outgoing2.example.com")
    for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<maria@example.org>", "DATA"):
        session.command(command)
    session.write(b"Subject: slow\r\n\r\nslo")
    run.mta.wait_for_log("timeout after DATA|timeout after END-OF-MESSAGE|timeout after")
    run.mta.wait_for_log("timeout after DATA")
    session.drop()
    with run.mta.session(NAMELESS_CLIENT, helo="[203.0.113.99]") as session:
        for address in ("a1@example.org", "a2@example.org", "a3@example.org", "a4@example.org"):
            session.command(f"MAIL FROM:<{EVA}>")
            session.command(f"RCPT TO:<{address}>")
            session.command("RSET")
    with run.mta.session() as session:  # chunked, whole and broken off
        whole = run.message(EVA, [mailbox(MARIA)], client_ip=CLIENT)
        content = run.content(whole.message_id, EVA).replace(b"\n", b"\r\n")
        for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<maria@example.org>"):
            session.command(command)
        session.write(f"BDAT {len(content)} LAST\r\n".encode() + content)
        run.encounter("chunked", client_ip=CLIENT, reply=session._read())
        for command in (f"MAIL FROM:<{EVA}>", "RCPT TO:<ana@example.org>"):
            session.command(command)
        session.write(b"BDAT 9000\r\nhalf")
        session.drop()
    run.mta.wait_idle()


@scenario("postfix")
def sieve_rules(run: Run):
    """What Dovecot's sieve does with mail that Postfix handed over: filed, sent on, answered, refused, thrown away."""
    run.start(with_dovecot=True, main={"mailbox_transport": "lmtp:unix:private/dovecot-lmtp"})
    run.mta.sandbox.write("/etc/dovecot/before.sieve", """\
require ["fileinto", "mailbox", "reject", "vacation", "copy", "envelope", "imap4flags"];
if header :contains "Subject" "file" { fileinto :create "Lists"; stop; }
if header :contains "Subject" "redirect" { redirect "luis@example.net"; stop; }
if header :contains "Subject" "copy" { redirect :copy "luis@example.net"; }
if header :contains "Subject" "away" { vacation :days 1 :addresses ["juan@example.org"] :subject "I am away" "back soon"; }
if header :contains "Subject" "reject" { reject "I do not want this"; stop; }
if header :contains "Subject" "drop" { discard; stop; }
if header :contains "Subject" "loop" { redirect "juan@example.org"; stop; }
""")
    for user in ("juan", "maria"):  # else the first mails find no place for sieve's own notes
        run.mta.sandbox.run(["mkdir", f"/var/vmail/{user}"], user="vmail")
    run.mta.sandbox.run(["sievec", "/etc/dovecot/before.sieve"])
    run.mta.sandbox.run(["chmod", "644", "/etc/dovecot/before.svbin"])
    def one(subject, expected, **options):
        return send_to(run, EVA, [JUAN], expected, headers={"Subject": subject, "To": JUAN}, **options)
    one("file this", [mailbox(JUAN)])
    one("redirect this", [remote(LUIS, JUAN)])
    one("copy this", [mailbox(JUAN), remote(LUIS, JUAN)])
    one("are you away", [mailbox(JUAN)]).success_report = True
    one("reject this", [bounced(JUAN)]).success_report = True
    one("drop this", [To(JUAN, "discarded")])
    run.send(EVA, [bounced(MARIA), mailbox(JUAN)], bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("postfix")
def rewritten_addresses(run: Run):
    run.start(main={"sender_canonical_maps": "inline:{{ana@example.org=Ana.Maria@example.org}}", "recipient_canonical_maps": "inline:{{j@example.org=juan@example.org}}",
                    "smtp_generic_maps": "inline:{{www-data@example.org=web@example.com}}", "relocated_maps": "inline:{{old@example.org=new@example.net}}",
                    "local_recipient_maps": "inline:{{old@example.org=x},{juan@example.org=x},{maria@example.org=x},{ana@example.org=x},{j@example.org=x},{Ana.Maria@example.org=x}}",
                    "luser_relay": "maria@example.org", "virtual_alias_maps": "inline:{{Ana.Maria@example.org=ana@example.org}}"})
    run.sendmail("Ana.Maria@example.org", [remote(LUIS), mailbox(JUAN, "j@example.org")])
    run.sendmail("www-data@example.org", [To(LUIS, "delivered", "remote", None, "web@example.com")], user="www-data")
    run.send(EVA, [mailbox("juan+lists@example.org"), mailbox(JUAN, "j@example.org")])
    run.send(EVA, [rejected("old@example.org")], accepted=False)
    run.sendmail("Ana.Maria@example.org", [bounced("old@example.org")], bounce=mailbox(ANA, "Ana.Maria@example.org"))
    run.sendmail("Ana.Maria@example.org", [mailbox(MARIA, "nobody-here@example.org")])
    run.mta.wait_idle()


@scenario("postfix")
def many_recipients(run: Run):
    """A hundred and twenty recipients in one mail: in batches to one host, some refused by it, some by us."""
    count = 120
    replies = {f"to{n}@moody.example.net": ["550 5.1.1 no such user"] for n in range(0, count, 40)}
    replies |= {f"to{n}@moody.example.net": ["450 4.2.1 busy", "250 2.1.5 Ok"] for n in range(1, count, 40)}
    run.start(scripts={"moody.example.net": Script(rcpt=replies)}, main={"mynetworks": "127.0.0.0/8, 203.0.113.50", "smtp_destination_recipient_limit": "25"})
    run.send(EVA, [bounced(f"to{n}@moody.example.net") if n % 40 == 0 else remote(f"to{n}@moody.example.net") for n in range(count)]
             + [rejected("nobody1@example.org"), mailbox(JUAN), rejected("nobody2@example.org")], bounce=remote(EVA))
    run.mta.wait_idle()


@scenario("postfix")
def transport_held_back(run: Run):
    """defer_transports, a transport that does not exist, a user's mailbox that cannot be written, a broken mailbox_command."""
    run.start(main={"defer_transports": "uucp", "transport_maps": "inline:{{slow.example.net=uucp:},{odd.example.net=nosuch:}}",
                    "mailbox_command_maps": "inline:{{maria=/usr/local/bin/deliver \"$$EXTENSION\"}}", "mynetworks": "127.0.0.0/8, 203.0.113.50"},
              master="uucp unix - n n - - pipe flags=F user=nobody argv=/bin/true\n",
              files={"/usr/local/bin/deliver": "#!/bin/sh\ncat >/dev/null\ncase $1 in no) echo 'rule says no'; exit 77 ;; later) echo 'disk full'; exit 75 ;; "
                                              "kill) kill -9 $$ ;; esac\n"})
    run.send(EVA, [To("a@slow.example.net", "deferred"), To("b@odd.example.net", "deferred")])
    run.send(EVA, [To(MARIA, "delivered", "program"), bounced("maria+no@example.org"), To("maria+later@example.org", "deferred"),
                   bounced("maria+kill@example.org")], bounce=remote(EVA))
    run.mta.sandbox.path("/var/mail/juan").mkdir()
    run.send(EVA, [bounced(JUAN)], bounce=remote(EVA))
    run.mta.wait_for_log("status=deferred", count=5)
    run.mta.wait_idle(waiting=("deferred", "active", "incoming"))
    run.mta.sandbox.path("/var/mail/juan").rmdir()


@scenario("postfix")
def told_to_postmaster(run: Run):
    """notify_classes with everything: sessions and bounces are told to the postmaster, too."""
    run.start(main={"notify_classes": "bounce, 2bounce, delay, policy, protocol, resource, software", "delay_warning_time": "2s"},
              scripts={"moody.example.net": Script(rcpt={"noone@moody.example.net": ["550 5.1.1 no such user"],
                                                        ROSA: ["450 4.2.1 busy"] * 4 + ["250 2.1.5 Ok"]}, quit=["500 what?"])})
    run.sendmail(ANA, [bounced("noone@moody.example.net"), remote(ROSA)], bounce=mailbox(ANA))
    run.send(EVA, [rejected("nobody-here@example.org")], accepted=False)
    run.mta.wait_idle()


@scenario("postfix")
def login_and_sender(run: Run):
    run.start(main={"smtpd_sender_login_maps": "inline:{{ana@example.org=ana@example.org},{boss@example.org=ana@example.org},{juan@example.org=juan@example.org}}",
                    "smtpd_sender_restrictions": "reject_sender_login_mismatch", "smtpd_sasl_auth_enable": "yes"}, with_dovecot=True)
    run.send("juan@example.org", [rejected(LUIS)], login=ANA, accepted=False)
    run.send("boss@example.org", [remote(LUIS)], login=ANA)
    run.send("ana@example.org", [rejected(JUAN)], accepted=False)
    with run.mta.session("203.0.113.5", 587, "office.example.org") as session:
        session.login(ANA, "secret")
        for sender, expected in ((ANA, [remote(LUIS), mailbox(JUAN)]), (ANA, [remote(EVA)])):
            message = run.message(sender, expected, "submission", login=ANA, client_ip="203.0.113.5")
            message.dialogue = session.mail(sender, run.rcpts(expected), run.content(message.message_id, sender))
    run.mta.wait_idle()


@scenario("postfix")
def utf8_not_offered(run: Run):
    run.start(scripts={"moody.example.net": Script(capabilities=("PIPELINING", "ENHANCEDSTATUSCODES", "SIZE 500"))}, with_dovecot=True)
    message = run.message(ANA, [bounced("jos\u00e9@moody.example.net")], "submission", login=ANA, client_ip="203.0.113.5", bounce=mailbox(ANA))
    with run.mta.session("203.0.113.5", 587) as session:
        session.login(ANA, "secret")
        message.dialogue = session.mail(ANA, ["jos\u00e9@moody.example.net"], run.content(message.message_id, ANA), mail_parameters="SMTPUTF8")
    run.send(ANA, [bounced(ROSA)], login=ANA, bounce=mailbox(ANA), body="x" * 60 + "\n" + "y" * 900 + "\n")
    run.mta.wait_idle()


@scenario("postfix")
def busy_hour(run: Run):
    """Forty clients at once, mails of every kind mixed."""
    run.start(scripts={"moody.example.net": Script(rcpt={**{f"no{n}@moody.example.net": ["550 5.1.1 no such user"] for n in range(60)},
                                                        **{f"later{n}@moody.example.net": ["450 4.2.1 busy", "250 2.1.5 Ok"] for n in range(60)}})},
              main={"mynetworks": "127.0.0.0/8, 203.0.113.50", "smtpd_recipient_restrictions": "reject_unlisted_recipient, permit"})
    kinds = (lambda n: [mailbox(JUAN), remote(f"ok{n}@moody.example.net")], lambda n: [bounced(f"no{n}@moody.example.net")],
             lambda n: [remote(f"later{n}@moody.example.net"), mailbox(MARIA)], lambda n: [rejected(f"nobody{n}@example.org")],
             lambda n: [rejected(f"nobody{n}@example.org"), mailbox(JUAN)], lambda n: [mailbox(JUAN, "info@example.org"), bounced(f"no{n}@moody.example.net")])
    planned = []
    for number in range(60):
        expected = kinds[number % len(kinds)](number)
        ends = {to.outcome for to in expected}
        sender = f"sender{number}@example.com"
        planned.append(run.message(sender, expected, client_ip=CLIENT, accepted=ends != {"rejected"},
                                   bounce=remote(sender) if "bounced" in ends else None))

    def play(messages):
        for message in messages:
            message.dialogue = run.mta.smtp(message.envelope_sender, run.rcpts(message.expected), run.content(message.message_id, message.envelope_sender))
    threads = [threading.Thread(target=play, args=(planned[start::20],)) for start in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.mta.wait_idle()
