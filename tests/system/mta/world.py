"""The made-up internet around our mail server: its names, and who listens where.

We are mail.example.org [192.0.2.10], responsible for example.org. Clients come from 203.0.113.0/24.
"""

from .dns_stub import DnsStub
from .sandbox import TIMEOUT_ADDRESS, UNREACHABLE_ADDRESS
from .sink import Script, Sink

OUR_ADDRESS = "192.0.2.10"
CLIENT = "203.0.113.50"  # client.example.com
SECOND_CLIENT = "203.0.113.51"  # outgoing2.example.com
NAMELESS_CLIENT = "203.0.113.99"  # without a PTR record
OFFICE = "203.0.113.5"  # office.example.org: mail programs that log in

ZONE = {
    "example.org": {"MX": ["10 mail.example.org"]},
    "mail.example.org": {"A": [OUR_ADDRESS]},
    "office.example.org": {"A": [OFFICE]},
    "lists.example.org": {"MX": ["10 mail.example.org"]},
    "example.com": {"MX": ["10 mx.example.com"]},
    "mx.example.com": {"A": ["198.51.100.20"]},
    "client.example.com": {"A": [CLIENT]},
    "outgoing2.example.com": {"A": [SECOND_CLIENT]},
    "example.net": {"MX": ["10 mx1.example.net", "20 mx2.example.net"]},
    "mx1.example.net": {"A": ["198.51.100.7"]},
    "mx2.example.net": {"A": ["198.51.100.8"]},
    "refused.example.net": {"MX": ["10 mx.refused.example.net"]},
    "mx.refused.example.net": {"A": ["198.51.100.9"]},  # nobody listens there
    "timeout.example.net": {"MX": ["10 mx.timeout.example.net"]},
    "mx.timeout.example.net": {"A": [TIMEOUT_ADDRESS]},
    "unreachable.example.net": {"MX": ["10 mx.unreachable.example.net"]},
    "mx.unreachable.example.net": {"A": [UNREACHABLE_ADDRESS]},
    "tls.example.net": {"MX": ["10 mx.tls.example.net"]},
    "mx.tls.example.net": {"A": ["198.51.100.30"]},
    "nullmx.example.net": {"MX": ["0 ."]},
    "nomail.example.net": {"TXT": ["no mail here"]},
    "moody.example.net": {"MX": ["10 mx.moody.example.net"]},
    "mx.moody.example.net": {"A": ["198.51.100.40"]},
}
SERVFAIL = {"servfail.example.net"}
SILENT = {"silent.example.net"}

# sink name: (address, host name)
SINKS = {
    "example.com": ("198.51.100.20", "mx.example.com"),
    "mx1.example.net": ("198.51.100.7", "mx1.example.net"),
    "mx2.example.net": ("198.51.100.8", "mx2.example.net"),
    "tls.example.net": ("198.51.100.30", "mx.tls.example.net"),
    "moody.example.net": ("198.51.100.40", "mx.moody.example.net"),
}


class World:
    """Name server and sinks, all on. `scripts` replaces the answers of some sinks; `down` names those not to start."""

    def __init__(self, scripts: dict[str, Script] | None = None, down: tuple[str, ...] = ()):
        self.dns = DnsStub(ZONE, SERVFAIL, SILENT)
        self.sinks = {name: Sink(address, 25, host, (scripts or {}).get(name))
                      for name, (address, host) in SINKS.items() if name not in down}

    def transactions(self):
        """All transactions of all sinks, oldest first."""
        return sorted((t for sink in self.sinks.values() for t in sink.transactions), key=lambda t: t.at)

    def close(self) -> None:
        for sink in self.sinks.values():
            sink.close()
        self.dns.close()
