#!/usr/bin/env python3
"""Seeds for the fuzz targets out of the test fixtures: seeds.py SOURCE_DIR OUT_DIR"""
import hashlib
import pathlib
import sys

source, out = map(pathlib.Path, sys.argv[1:3])
GROUPS = {
    "postfix": ["postfix"],
    "exim": ["exim"],
    "dovecot": ["dovecot", "saslauthd"],
}


def write(target, data):
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:20]).write_bytes(data)


def target_of(tag):
    for target, names in GROUPS.items():
        if any(tag.startswith(name) for name in names):
            return target
    return "companions"


def lines():
    for path in (source / "tests/parsers").rglob("*.cases"):
        for line in path.read_text(errors="surrogateescape").splitlines():
            if line.startswith("< ") and ": " in line:
                yield line[2:].split(": ", 1)
    for path in (source / "tests/parsers/templates").glob("*.txt"):
        for line in path.read_text(errors="surrogateescape").splitlines():
            if "\t" in line and not line.startswith("##"):
                yield line.split("\t", 1)


for tag, text in lines():
    write(target_of(tag), f"{tag}\t{text}".encode(errors="surrogateescape"))
    write("scan", text.encode(errors="surrogateescape"))
    write("syslog_header", f"Nov 24 01:40:29 mx1 {tag}[12]: {text}".encode(errors="surrogateescape"))
for path in sorted((source / "tests/logs").rglob("*.log"))[:80]:
    content = path.read_bytes()[:4096]
    write("framing", b"\x05" + content)
    write("correlator", b"\x01" + content)
for path in sorted((source / "tests/logs").rglob("*.rejectlog")):
    for record in path.read_bytes().split(b"\n--------"):
        write("reject_log", record.split(b"\n", 1)[-1] if record.startswith(b"-") else record)
for path in sorted((source / "tests/bounces/samples").glob("*.eml")):
    write("bounce", path.read_bytes())
