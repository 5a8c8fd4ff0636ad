"""Debian's Exim in a sandbox, with a configuration and a spool of its own. Same methods as postfix.Postfix.

`log_path` is the mainlog, `reject_log_path` and `panic_log_path` stand beside it. With `syslog=True` Exim also logs
to a real rsyslogd, whose files are `syslog_path` (RFC 3339) and `traditional_log_path` (RFC 3164).
"""

import re
import time
from pathlib import Path

from . import dovecot, rsyslog
from .client import Dialogue, Session
from .postfix import ALIASES, package_version
from .sandbox import USERS, Sandbox
from .world import CLIENT, OUR_ADDRESS

# Names of routers, transports and ACL statements as in Debian's split configuration, so that the log reads like one.
_CONFIG = """\
primary_hostname = mail.example.org
domainlist local_domains = @ : localhost : example.org : lists.example.org
hostlist relay_from_hosts = 127.0.0.1
local_interfaces = 192.0.2.10 : 127.0.0.1
daemon_smtp_ports = 25 : 587
acl_smtp_connect = acl_check_connect
acl_smtp_helo = acl_check_helo
acl_smtp_mail = acl_check_mail
acl_smtp_rcpt = acl_check_rcpt
acl_smtp_data = acl_check_data
host_lookup = *
dns_dnssec_ok = 0
disable_ipv6 = true
tls_advertise_hosts =
smtputf8_advertise_hosts = *
pipelining_connect_advertise_hosts =
smtp_enforce_sync = true
allow_utf8_domains = true
qualify_domain = example.org
trusted_users = www-data
keep_environment =
bounce_return_size_limit = 2K
{main}
begin acl
acl_check_connect:
{connect}
  accept
acl_check_helo:
{helo}
  accept
acl_check_mail:
{mail}
  accept
acl_check_rcpt:
  accept hosts = :
{rcpt}
  deny message = restricted characters in address
       domains = +local_domains
       local_parts = ^[.] : ^.*[@%!/|`#&?]
  accept hosts = +relay_from_hosts
         control = submission/sender_retain
  accept authenticated = *
         control = submission/sender_retain
  require message = relay not permitted
          domains = +local_domains
  require verify = recipient
  accept
acl_check_data:
{data}
  accept

begin routers
{routers}
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  no_more
system_aliases:
  driver = redirect
  allow_fail
  allow_defer
  data = ${{lookup{{$local_part}}lsearch{{/etc/aliases}}}}
  user = www-data
  file_transport = address_file
  pipe_transport = address_pipe
userforward:
  driver = redirect
  check_local_user
  file = $home/.forward
  no_verify
  no_expn
  check_ancestor
  allow_filter
  directory_transport = address_directory
  file_transport = address_file
  pipe_transport = address_pipe
  reply_transport = address_reply
local_user:
  driver = accept
  check_local_user
  local_parts = ! root
  transport = {local_transport}
  cannot_route_message = Unknown user

begin transports
remote_smtp:
  driver = smtp
  connect_timeout = 3s
  command_timeout = 4s
  data_timeout = 4s
  final_timeout = 4s
  {remote_smtp}
mail_spool:
  driver = appendfile
  file = /var/mail/$local_part_data
  delivery_date_add
  envelope_to_add
  return_path_add
  group = mail
  mode = 0660
  mode_fail_narrower = false
dovecot_lmtp:
  driver = lmtp
  socket = {lmtp_socket}
  user = vmail
address_pipe:
  driver = pipe
  return_fail_output
address_file:
  driver = appendfile
  delivery_date_add
  envelope_to_add
  return_path_add
address_directory:
  driver = appendfile
  maildir_format
address_reply:
  driver = autoreply
{transports}

begin retry
{retry}

begin rewrite

begin authenticators
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and {{{{match{{$auth2}}{{@example.org\\$}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
  server_prompts = :
  server_advertise_condition = ${{if eq{{$received_port}}{{587}}}}
"""

_LOG_DIR = "/var/log/exim4"


def _without(config: str, main: str) -> str:
    """`config` without the lines that `main` replaces: Exim refuses an option that is set twice."""
    replaced = {line.partition("=")[0].strip() for line in main.splitlines() if "=" in line}
    kept, begun = [], False
    for line in config.splitlines(keepends=True):
        begun = begun or line.startswith("begin ")
        if begun or line.partition("=")[0].strip() not in replaced:
            kept.append(line)
    return "".join(kept)


class Exim:
    def __init__(self, workdir: Path, *, main: str = "", connect: str = "", helo: str = "", mail: str = "", rcpt: str = "",
                 data: str = "", routers: str = "", transports: str = "", remote_smtp: str = "", retry: str = "* * F,60s,2s",
                 local_transport: str = "mail_spool", files: dict[str, str] | None = None, aliases: str = ALIASES,
                 syslog: bool = False, with_dovecot: bool = False, queue_run: str = "2s"):
        """The texts are put into the configuration's sections of those names (`connect` to `data`: the ACLs)."""
        self.sandbox = Sandbox(workdir, ["tools", "dovecot-root", "exim-root"])
        logs = self.sandbox.log_dir / "exim4"
        self.log_path, self.reject_log_path = logs / "mainlog", logs / "rejectlog"
        self.panic_log_path = logs / "paniclog"
        self.syslog_path = self.sandbox.log_dir / "mail.log"
        self.traditional_log_path = self.sandbox.log_dir / "mail.traditional.log"
        self.name, self.version = "Exim", package_version("exim4-daemon-heavy")
        try:
            if syslog:
                main += f"\nlog_file_path = syslog : {_LOG_DIR}/%slog"
            config = _without(_CONFIG, main).format(
                main=main, connect=connect, helo=helo, mail=mail, rcpt=rcpt, data=data, routers=routers, transports=transports,
                remote_smtp=remote_smtp, retry=retry, local_transport=local_transport, password=dovecot.PASSWORD,
                lmtp_socket=dovecot.LMTP_SOCKET)
            self._configure(config, files or {}, aliases)
            if syslog or with_dovecot:
                rsyslog.start(self.sandbox)
            if with_dovecot:
                dovecot.start(self.sandbox)
            self.sandbox.start(["exim4", "-bdf", f"-q{queue_run}"])
            self.wait_for_log("daemon started")
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _configure(self, config: str, files: dict[str, str], aliases: str) -> None:
        sandbox = self.sandbox
        sandbox.write("/etc/exim4/exim4.conf", config)
        sandbox.write("/etc/aliases", aliases)
        sandbox.write("/etc/mailname", "example.org\n")
        for directory in (_LOG_DIR, "/var/spool/exim4", "/var/lib/exim4"):
            sandbox.path(directory).mkdir(exist_ok=True)
            sandbox.run(["chown", "Debian-exim:Debian-exim", directory])
        sandbox.run(["chmod", "4755", "/usr/sbin/exim4"])
        for path, text in files.items():
            user = path.split("/")[2] if path.startswith("/home/") else "root"
            sandbox.write(path, text, 0o755 if text.startswith("#!") else 0o644, user if user in USERS else "root")
        sandbox.run(["exim4", "-bV"])

    def _wait_until_up(self) -> None:
        """The daemon says that it started before it listens; nothing but a connection shows it, and is not logged."""
        deadline = time.monotonic() + 20
        while True:
            try:
                Session(OUR_ADDRESS, source=OUR_ADDRESS, helo="").close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError("Exim does not answer on port 25; see daemons.out and the logs") from None
                time.sleep(0.1)

    def session(self, source: str = CLIENT, port: int = 25, helo: str = "client.example.com") -> Session:
        return Session(OUR_ADDRESS, port, source, helo)

    def smtp(self, sender: str, recipients: list[str], content: bytes = b"Subject: hello\r\n\r\nhello\r\n", *,
             source: str = CLIENT, port: int = 25, helo: str = "client.example.com", login: str | None = None) -> Dialogue:
        """One mail in one session, over port 25 or, logged in, over 587."""
        with self.session(source, 587 if login and port == 25 else port, helo) as session:
            if login:
                session.login(login, dovecot.PASSWORD)
            return session.mail(sender, recipients, content)

    send = smtp

    def sendmail(self, args: list[str], content: bytes, user: str = "ana", cwd: str = "/") -> None:
        self.sandbox.run(["exim4", *args], stdin=content, user=user, cwd=cwd)

    def queue(self) -> list[str]:
        """The ids of all messages in the spool."""
        spool = self.sandbox.path("/var/spool/exim4/input")
        return sorted({path.name[:-2] for path in spool.rglob("*-[HDJ]")}) if spool.exists() else []

    def wait_for_log(self, pattern: str, timeout: float = 30, count: int = 1) -> None:
        """Until `pattern` (a regular expression) was logged `count` times."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
            if len(re.findall(pattern, text)) >= count:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"not logged {count} times within {timeout} s: {pattern}")
            time.sleep(0.1)

    def wait_idle(self, timeout: float = 60, waiting: int = 0) -> None:
        """Until at most `waiting` messages are in the spool and the log is quiet."""
        deadline = time.monotonic() + timeout
        quiet_since, size = time.monotonic(), -1
        while True:
            now_size = self.log_path.stat().st_size
            if len(self.queue()) > waiting or now_size != size:
                quiet_since, size = time.monotonic(), now_size
            elif time.monotonic() - quiet_since > 0.8:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"mail still in the spool after {timeout} s: {self.queue()}")
            time.sleep(0.05)

    def mailbox(self, user: str) -> str:
        path = self.sandbox.path(f"/var/mail/{user}")
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """Stops everything; the logs stay."""
        self.sandbox.close()
