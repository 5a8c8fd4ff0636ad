"""Debian's Postfix in a sandbox, with a configuration and a queue of its own.

    with Postfix(workdir, main={"soft_bounce": "yes"}) as mta:
        mta.smtp("ana@example.com", ["juan@example.org"])
        mta.wait_idle()
        mta.log_path.read_text()

`log_path` is what rsyslogd writes as Debian 12 does; `traditional_log_path` the same in RFC 3164 form. With
`logging="postlog"` Postfix's own postlogd writes `log_path` and there is no rsyslogd.
"""

import os
import re
import time
from pathlib import Path

from . import dovecot, rsyslog
from .client import Dialogue, Session
from .sandbox import Sandbox, trees_dir
from .world import CLIENT, OUR_ADDRESS

_MAIN = {
    "compatibility_level": "3.6",
    "queue_directory": "/var/spool/postfix",
    "command_directory": "/usr/sbin",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "data_directory": "/var/lib/postfix",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "myhostname": "mail.example.org",
    "mydomain": "example.org",
    "myorigin": "example.org",
    "mydestination": "example.org, lists.example.org, mail.example.org, localhost",
    "inet_interfaces": f"{OUR_ADDRESS}, 127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "alias_maps": "hash:/etc/aliases",
    "alias_database": "hash:/etc/aliases",
    "mail_spool_directory": "/var/mail",
    "recipient_delimiter": "+",
    "biff": "no",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
    "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
    # Seconds where servers have minutes: retries are to be seen within a test.
    "minimal_backoff_time": "2s",
    "maximal_backoff_time": "3s",
    "queue_run_delay": "1s",
    "smtp_connect_timeout": "3s",
    "smtp_helo_timeout": "4s",
    "smtp_data_done_timeout": "4s",
    "smtp_rcpt_timeout": "4s",
    "smtpd_error_sleep_time": "0s",
    "transport_retry_time": "2s",
    "anvil_status_update_time": "600s",
}

_MASTER = """\
smtp      inet  n       -       n       -       -       smtpd
submission inet n       -       n       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
  -o syslog_name=postfix/$service_name
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""

ALIASES = """\
postmaster: root
root: ana
info: juan
team: ana, juan, eva@example.com
outside: eva@example.com
"""

_QUEUES = ("maildrop", "incoming", "active", "deferred", "hold")


class Postfix:
    def __init__(self, workdir: Path, *, main: dict[str, str] | None = None, master: str = "",
                 files: dict[str, str] | None = None, aliases: str = ALIASES, logging: str = "rsyslog",
                 with_dovecot: bool = False):
        """`main` replaces main.cf settings, `master` is appended, `files` are written before the start."""
        self.sandbox = Sandbox(workdir, ["tools", "dovecot-root", "postfix-root"])
        self.log_path = self.sandbox.log_dir / "mail.log"
        self.traditional_log_path = self.sandbox.log_dir / "mail.traditional.log"
        self.name, self.version = "Postfix", package_version("postfix")
        try:
            self._configure({**_MAIN, **(main or {})}, _MASTER + master, files or {}, aliases, logging)
            if logging == "rsyslog":
                rsyslog.start(self.sandbox)
            self.sandbox.start(["postfix", "start-fg"])
            self.wait_for_log(r"daemon started -- version")  # the ports are open by then
            if with_dovecot:  # after Postfix, which makes the directory of the sockets
                dovecot.start(self.sandbox)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _configure(self, main, master, files, aliases, logging) -> None:
        sandbox = self.sandbox
        sandbox.run(["cp", "-r", "/usr/share/postfix/.", "/etc/postfix"])
        for source in (trees_dir() / "postfix-root/etc/postfix").iterdir():
            if source.is_file():
                sandbox.write(f"/etc/postfix/{source.name}", source.read_text(), source.stat().st_mode & 0o777)
        if logging == "postlog":
            main["maillog_file"] = "/var/log/mail.log"
        sandbox.write("/etc/postfix/main.cf", "".join(f"{key} = {value}\n" for key, value in main.items()))
        sandbox.write("/etc/postfix/master.cf", master)
        sandbox.write("/etc/aliases", aliases)
        sandbox.run(["chgrp", "postdrop", "/usr/sbin/postdrop", "/usr/sbin/postqueue"])
        sandbox.run(["chmod", "2555", "/usr/sbin/postdrop", "/usr/sbin/postqueue"])
        for directory in ("/var/lib/postfix", "/var/spool/postfix"):
            sandbox.path(directory).mkdir(exist_ok=True)
        sandbox.run(["chown", "postfix", "/var/lib/postfix"])
        for path, text in files.items():
            sandbox.write(path, text, 0o755 if text.startswith("#!") else 0o644)
        sandbox.run(["postalias", "/etc/aliases"])

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

    def sendmail(self, args: list[str], content: bytes, user: str = "ana") -> None:
        self.sandbox.run(["sendmail", *args], stdin=content, user=user)

    def queue(self) -> dict[str, list[str]]:
        """Queue ids by queue."""
        found = {}
        for queue in _QUEUES:
            directory = self.sandbox.path(f"/var/spool/postfix/{queue}")
            found[queue] = [name for _, _, names in os.walk(directory) for name in names]
        return found

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

    def wait_idle(self, timeout: float = 60, waiting: tuple[str, ...] = ()) -> None:
        """Until nothing is on its way and the log is quiet. Mail in the queues named in `waiting` may stay there."""
        deadline = time.monotonic() + timeout
        quiet_since, size = time.monotonic(), -1
        while True:
            busy = any(ids for queue, ids in self.queue().items() if queue not in waiting)
            now_size = self.log_path.stat().st_size if self.log_path.exists() else 0
            if busy or now_size != size:
                quiet_since, size = time.monotonic(), now_size
            elif time.monotonic() - quiet_since > 0.8:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"mail still in the queue after {timeout} s: {self.queue()}")
            time.sleep(0.05)

    def mailbox(self, user: str) -> str:
        path = self.sandbox.path(f"/var/mail/{user}")
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """Stops everything; the logs stay."""
        self.sandbox.close()


def package_version(package: str) -> str:
    for line in (trees_dir() / "versions").read_text().splitlines():
        name, version = line.split()
        if name == package:
            return version
    raise RuntimeError(f"{package} is not among the fetched packages")
