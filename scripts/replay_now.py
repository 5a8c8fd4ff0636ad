#!/usr/bin/env python3
"""Moves the stamps of a sample log so that its last line happened just now; prints the result.

Knows RFC 3339 and RFC 3164 stamps at the start of a line (syslog) and Exim's "YYYY-MM-DD HH:MM:SS".
Lines starting with "# " (a fixture's header) are left out. Exim message ids carry their own time;
they are left as they are: they are names.
"""
import re
import sys
from datetime import datetime, timedelta

RFC3339 = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))")
EXIM = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?( [+-]\d{4})?")
RFC3164 = re.compile(r"^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)")


def stamp_of(line, now):
    """(time with zone, the stamp's end, a function that prints a moved time) or None."""
    if m := RFC3339.match(line):
        return (datetime.fromisoformat(m[1].replace("Z", "+00:00")), m.end(),
                lambda t: t.isoformat(timespec="microseconds" if "." in m[1] else "seconds"))
    if m := EXIM.match(line):
        local = datetime.strptime(m[1], "%Y-%m-%d %H:%M:%S").astimezone()
        rest = (m[2] or "")
        zone = m[3] is not None
        return (local, m.end(), lambda t: t.strftime("%Y-%m-%d %H:%M:%S") + rest + (t.strftime(" %z") if zone else ""))
    if m := RFC3164.match(line):
        local = datetime.strptime(f"{now.year} {m[1]}", "%Y %b %d %H:%M:%S").astimezone()
        return (local, m.end(), lambda t: t.strftime("%b ") + f"{t.day:2d}" + t.strftime(" %H:%M:%S"))
    return None


def main():
    now = datetime.now().astimezone().replace(microsecond=0)
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as file:
        lines = [line for line in file if not line.startswith("# ")]
    stamps = [stamp_of(line, now) for line in lines]
    newest = max(stamp[0] for stamp in stamps if stamp)
    shift = now - timedelta(seconds=2) - newest
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    for line, stamp in zip(lines, stamps):
        if stamp is None:
            sys.stdout.write(line)
        else:
            at, end, text_of = stamp
            sys.stdout.write(text_of((at + shift).astimezone()) + line[end:])


if __name__ == "__main__":
    main()
