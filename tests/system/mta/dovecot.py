"""Dovecot in a sandbox: checks logins for Postfix and Exim, and takes mail over LMTP.

Logins: ana@example.org, juan@example.org, maria@example.org, each with the password "secret".
LMTP takes every user of example.org except nobody-here; maria is over quota; a mail with "X-Spam: yes" goes to Junk.
"""

import time

from .sandbox import USERS, Sandbox

PASSWORD = "secret"
AUTH_SOCKET = "/var/spool/postfix/private/auth"
LMTP_SOCKET = "/var/spool/postfix/private/dovecot-lmtp"

_CONFIG = """\
protocols = lmtp
listen = 127.0.0.1
log_path = syslog
auth_verbose = yes
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:/var/vmail/%n
postmaster_address = postmaster@example.org
hostname = mail.example.org
first_valid_uid = 1000
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u /etc/dovecot/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u /etc/dovecot/users
  default_fields = uid=vmail gid=vmail home=/var/vmail/%n
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=10M
  sieve_before = /etc/dovecot/before.sieve
}}
mail_plugins = quota
protocol lmtp {{
  mail_plugins = quota sieve
}}
service auth {{
  unix_listener {auth} {{
    mode = 0666
  }}
}}
service lmtp {{
  unix_listener {lmtp} {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = 24
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""

_SIEVE = """\
require ["fileinto", "mailbox"];
if header :contains "X-Spam" "yes" { fileinto :create "Junk"; stop; }
if header :contains "X-Drop" "yes" { discard; stop; }
"""


def start(sandbox: Sandbox) -> None:
    """Makes the directory of its sockets if no Postfix did so before."""
    sandbox.path("/var/spool/postfix/private").mkdir(parents=True, exist_ok=True)
    sandbox.path("/run/dovecot").mkdir(exist_ok=True)
    sandbox.path("/var/lib/dovecot").mkdir(exist_ok=True)
    users = [f"{user}@example.org:{PASSWORD}::::::" for user in ("ana", "juan")]
    users.append(f"maria@example.org:{PASSWORD}::::::userdb_quota_rule=*:storage=1B")
    sandbox.write("/etc/dovecot/users", "\n".join(users) + "\n", 0o644)
    sandbox.write("/etc/dovecot/before.sieve", _SIEVE)
    sandbox.run(["chown", f"{USERS['vmail'][0]}:{USERS['vmail'][1]}", "/var/vmail"])
    sandbox.write("/etc/dovecot/dovecot.conf", _CONFIG.format(auth=AUTH_SOCKET, lmtp=LMTP_SOCKET))
    sandbox.run(["sievec", "/etc/dovecot/before.sieve"])
    sandbox.start(["dovecot", "-F"])
    deadline = time.monotonic() + 10
    while not sandbox.path(LMTP_SOCKET).exists():
        if time.monotonic() > deadline:
            raise RuntimeError("dovecot did not open its sockets; see daemons.out and the mail log")
        time.sleep(0.05)
