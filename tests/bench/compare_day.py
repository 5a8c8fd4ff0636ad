#!/usr/bin/env python3
"""Compares `scan --export` of a generated day with what generate_day says was sent.

usage: compare_day.py GENERATE_DAY RASTROD postfix|exim MESSAGES [option of generate_day...]

Every message must be one journey with exactly its queue ids, recipients, outcomes and attempts; every refused
recipient must be told once; and no journey may be left over. Prints recall and precision, and the first differences.
"""

import collections
import json
import os
import subprocess
import sys
import tempfile

SHOWN_MAX = 10


def recipients_of(entry):
    """What both files say about the recipients; the order is nobody's promise."""
    return sorted((one["recipient"], one["outcome"], one["attempts"] if one["outcome"] != "rejected" else 0)
                  for one in entry["recipients"])


def name_of(queue_ids, client_ip, sender, recipients):
    """Messages are found by their queue ids; refused dialogues have none."""
    return tuple(sorted(queue_ids)) or (client_ip, sender, tuple(one[0] for one in recipients))


def expected_journeys(path):
    wanted = collections.defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            recipients = recipients_of(entry)
            name = name_of(entry["queue_ids"], entry["client_ip"], entry["envelope_sender"], recipients)
            wanted[name].append((entry["envelope_sender"], recipients))
    return wanted


def exported_journeys(path):
    got = collections.defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            queue_ids = {leg["queue_id"] for leg in entry["legs"] if leg["queue_id"]}
            recipients = recipients_of(entry)
            name = name_of(queue_ids, entry["submission"]["client_ip"], entry["envelope_sender"], recipients)
            got[name].append((entry["envelope_sender"] or "", recipients))
    return got


def compare(wanted, got):
    right = 0
    differences = []
    for name, entries in wanted.items():
        found = got.get(name, [])
        for entry in entries:
            if entry in found:
                found.remove(entry)
                right += 1
            else:
                differences.append(f"missing {name}: {entry}\n  got {found[:2]}")
    left = [f"not sent {name}: {entry}" for name, entries in got.items() for entry in entries]
    return right, differences, left


def main():
    generate, rastrod, mta, messages, *more = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        log = os.path.join(work, "mail.log" if mta == "postfix" else "mainlog")
        expected, exported = os.path.join(work, "expected"), os.path.join(work, "exported")
        subprocess.run([generate, mta, "--messages", messages, "--log", log, "--expected", expected, *more], check=True)
        rastro = os.path.join(os.path.dirname(rastrod), "rastro")
        subprocess.run([rastro, "scan", log, "--export", exported, "--tz", "UTC", "--year", "2026"], check=True,
                       env={**os.environ, "RASTROD": rastrod}, stdin=subprocess.DEVNULL)
        wanted, got = expected_journeys(expected), exported_journeys(exported)
    sent, told = sum(map(len, wanted.values())), sum(map(len, got.values()))
    right, missing, left = compare(wanted, got)
    print(f"{mta}: {sent} sent, {told} told, {right} right: recall {right / sent:.4%}, precision {right / told:.4%}")
    for text in missing[:SHOWN_MAX] + left[:SHOWN_MAX]:
        print(text)
    return 1 if missing or left else 0


if __name__ == "__main__":
    sys.exit(main())
