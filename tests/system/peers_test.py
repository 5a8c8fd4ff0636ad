#!/usr/bin/env python3
"""What the reports that operators know say of the same log: pflogsumm and eximstats against rastro's journeys.

Their grand totals count lines, rastro tells messages. Both must come to the same figures, except where a line means
something else than it counts as. Those logs are left out here, and why:
  - a content filter or a requeue takes a message in again under a new id, which pflogsumm counts as received;
  - pflogsumm counts as received what was refused, lost or discarded in its content, after its queue id was logged;
  - pflogsumm counts as delivered what discard(8) threw away, and what Sieve discarded, refused or sent on;
  - pflogsumm counts error(8)'s repetitions of the last cause as deferrals, though nobody was asked;
  - pflogsumm does not read an instance with a syslog_name of its own, nor refusals of HELO, nor a cleanup's bounce;
  - eximstats counts an automatic answer beside the mailbox as a second delivery.

Ends with 77 and "SKIPPED: why" without the tools of fetch_mtas.sh; with RASTRO_CI=1 that is a failure.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from live_test import fetch_servers  # noqa: E402  (the path comes first)
from mta.sandbox import TIME_ZONE, trees_dir  # noqa: E402
from rastrod import CHECKOUT, SKIPPED, scan  # noqa: E402

LOGS = CHECKOUT / "tests/logs"
POSTFIX = ["alias", "authenticated_submission", "backup_mx", "blind_copies", "bounced_with_child", "bounces_expire", "client_reject",
           "connection_refused", "deferred_then_delivered", "delay_warning", "domain_not_found", "expired", "fallback_relay",
           "forward", "greylisting_us", "lmtp_scripted", "mailbox_full", "many_recipients", "multi_recipient_mixed", "odd_replies",
           "rcpt_reject_unknown_user", "remote_lost_connection", "rewritten_addresses", "several_in_one_session", "tls_required", "virtual_alias_to_fifty"]
EXIM = ["alias", "bounced_with_child", "deferred_then_delivered", "delivered_remote", "domain_not_found", "local_mailbox", "multi_recipient_mixed",
        "null_sender", "pipes_that_fail", "queued_first", "rcpt_reject_unknown_user", "second_mx_takes_it", "tls_incoming"]


def peer(tree: str, command: list[str], log: Path) -> str:
    tools = trees_dir() / "tools/usr"
    paths = [tools / "share/perl5", *(tools / "lib").glob("*/perl5/*")]  # pflogsumm's Date::Calc
    done = subprocess.run(["perl", str(trees_dir() / tree / "usr/sbin" / command[0]), *command[1:], str(log)], capture_output=True, check=True,
                          env={**os.environ, "PERL5LIB": ":".join(map(str, paths))})
    return done.stdout.decode(errors="replace")


def pflogsumm(log: Path) -> dict[str, int]:
    report = peer("tools", ["pflogsumm"], log)
    names = "received|delivered|forwarded|bounced|rejected|held"
    figures = {name: int(count) for count, name in re.findall(rf"^ +(\d+) +({names})\b", report, re.MULTILINE)}
    deferrals = re.search(r"\((\d+) +deferrals\)", report)
    return {**figures, "deferrals": int(deferrals[1]) if deferrals else 0}


def eximstats(log: Path) -> dict[str, int]:
    report = peer("exim-root", ["eximstats", "-nr", "-ne", "-nt", "-t0"], log)
    row = {name: [int(each) for each in numbers.split()] for name, numbers in re.findall(r"^  (Received|Delivered) +\d+ +(\d+(?: +\d+)?)", report, re.MULTILINE)}
    return {"received": row.get("Received", [0])[0], "delivered": row.get("Delivered", [0, 0])[1]}


def told(log: Path, bounces_too: bool) -> dict[str, int]:
    """The same figures out of the journeys. `bounces_too`: whether what the server itself made counts as received."""
    figures = dict.fromkeys(("received", "delivered", "forwarded", "bounced", "rejected", "held", "deferrals"), 0)
    for journey in scan([log], timezone=TIME_ZONE):
        forwards = {link["queue_id"] for link in journey["links"] if link["kind"] == "forward" and link["direction"] == "child"}
        figures["forwarded"] += len(forwards)
        if journey["accepted"] and (bounces_too or journey["submission"]["method"] != "bounce"):
            figures["received"] += sum(1 for leg in journey["legs"] if leg["queue_id"] and leg["queue_id"] not in forwards)
        for to in journey["recipients"]:
            figures["bounced"] += to["outcome"] == "bounced"
            for name in ("delivered", "rejected", "held"):
                figures[name] += to["outcome"] == name
        figures["deferrals"] += sum(1 for step in journey["timeline"] if step["kind"] == "deferred")
    return figures


def differences(name: str, theirs: dict[str, int], ours: dict[str, int]) -> list[str]:
    return [f"{name}: {figure}: {count}, rastro {ours[figure]}" for figure, count in theirs.items() if count != ours[figure]]


def main() -> int:
    reason = fetch_servers()
    if reason:
        print(f"SKIPPED: {reason}")
        return 1 if os.environ.get("RASTRO_CI") == "1" else SKIPPED
    wrong, compared = [], 0
    for log in [LOGS / "sample/postfix.log", *(LOGS / f"postfix/captured/{name}.log" for name in POSTFIX)]:
        theirs = pflogsumm(log)
        compared += len(theirs)
        wrong += differences(f"pflogsumm {log.stem}", theirs, told(log, bounces_too=False))
    for log in [LOGS / "sample/exim_mainlog", *(LOGS / f"exim/captured/{name}.log" for name in EXIM)]:
        theirs = eximstats(log)
        compared += len(theirs)
        wrong += differences(f"eximstats {log.stem}", theirs, told(log, bounces_too=True))
    print("\n".join(wrong) or f"{compared} figures are the same")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
