"""A real rsyslogd in a sandbox, listening on its /dev/log.

Writes each mail line twice, as Debian 12 does by default (RFC 3339) and as older releases and upgraded machines do
(RFC 3164): /var/log/mail.log and /var/log/mail.traditional.log.
"""

import time

from .sandbox import Sandbox

_CONFIG = """\
module(load="imuxsock")
mail.* action(type="omfile" file="/var/log/mail.log" template="RSYSLOG_FileFormat")
mail.* action(type="omfile" file="/var/log/mail.traditional.log" template="RSYSLOG_TraditionalFileFormat")
*.*;mail.none action(type="omfile" file="/var/log/syslog" template="RSYSLOG_FileFormat")
"""


def start(sandbox: Sandbox) -> None:
    sandbox.write("/etc/rsyslog.conf", _CONFIG)
    sandbox.path("/var/spool/rsyslog").mkdir(exist_ok=True)
    sandbox.start(["rsyslogd", "-n", "-f", "/etc/rsyslog.conf", "-i", "/run/rsyslogd.pid"])
    deadline = time.monotonic() + 10
    while not sandbox.path("/dev/log").exists():
        if time.monotonic() > deadline:
            raise RuntimeError("rsyslogd did not open /dev/log; see daemons.out")
        time.sleep(0.05)
