#!/usr/bin/env python3
"""Plays scenarios through a real mail server and keeps what it logged beside the truth about what was sent.

usage: capture.py --mta postfix|exim --out DIR [--scenario NAME]... [--work DIR] [--list]

For each scenario: <name>.log, <name>.truth.json (scenario.py says what is in it); <name>.traditional.log, the same log
with RFC 3164 headers, for a few; for Exim, if there is any, <name>.rejectlog and <name>.syslog.log. A scenario whose truth did not come about is reported and not written; the exit
code is then 1. Without namespaces or the servers of fetch_mtas.sh: "SKIPPED: why" and exit code 77.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mta import sandbox  # noqa: E402  (the path comes first)
from mta import scenarios  # noqa: E402
from mta.scenario import Run, write_truth  # noqa: E402


def _header(run: Run, truth: dict) -> str:
    return (f"# captured: {run.mta.name} {run.mta.version}, {truth['distribution']}\n"
            f"# scenario: {run.name} ({time.strftime('%Y-%m-%d', time.gmtime())}), truth in {run.name}.truth.json\n")


def _keep_log(source: Path, target: Path, header: str) -> None:
    if source.exists() and source.stat().st_size:
        target.write_bytes(header.encode() + source.read_bytes())


def capture(mta: str, name: str, out: Path, work: Path) -> bool:
    run = Run(name, mta, work / f"{mta}-{name}")
    shutil.rmtree(run.workdir, ignore_errors=True)
    started = time.monotonic()
    try:
        scenarios.REGISTRY[mta][name](run)
        truth = run.finish()
    except Exception:  # one broken scenario must not keep the others from being captured
        traceback.print_exc()
        print(f"FAILED  {mta} {name}; logs in {run.workdir}", flush=True)
        return False
    finally:
        run.stop()
    header = _header(run, truth)
    _keep_log(run.mta.log_path, out / f"{name}.log", header)
    if mta == "exim":
        _keep_log(run.mta.reject_log_path, out / f"{name}.rejectlog", header)
        _keep_log(run.mta.syslog_path, out / f"{name}.syslog.log", header)
    if run.keep_traditional:
        _keep_log(run.mta.traditional_log_path, out / f"{name}.traditional.log", header)
    write_truth(out / f"{name}.truth.json", truth)
    print(f"ok      {mta} {name} ({time.monotonic() - started:.1f} s)", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="capture real mail server logs")
    parser.add_argument("--mta", choices=sorted(scenarios.REGISTRY), required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--scenario", action="append", metavar="NAME")
    parser.add_argument("--work", type=Path, help="keep the work files here")
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    options = parser.parse_args()
    names = list(scenarios.REGISTRY[options.mta])
    if options.list:
        print("\n".join(names))
        return 0
    unknown = set(options.scenario or ()) - set(names)
    if unknown or options.out is None:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}" if unknown else "--out is needed")
    sandbox.enter()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rastro-mta-") as temporary:
        work = options.work or Path(temporary)
        results = [capture(options.mta, name, options.out, work) for name in options.scenario or names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
