#!/usr/bin/env python3
"""Real mail through a real server while rastrod follows its log: what rastro says is held against what happened.

usage: live_test.py --mta postfix|exim [--scenario NAME]... [--all]

Ends with 77 and "SKIPPED: why" without namespaces (root, or a user with a range of ids) or the servers of
fetch_mtas.sh; with RASTRO_CI=1 that is a failure. RASTRO_BIN: the directory of the programs.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import answers  # noqa: E402  (the path comes first)
from mta import sandbox, scenarios, start  # noqa: E402
from mta.sandbox import TIME_ZONE  # noqa: E402
from mta.scenario import Run  # noqa: E402
from rastrod import SKIPPED, Rastrod, until  # noqa: E402

# What every operator asks about; --all plays the odd ones too.
SCENARIOS = ["delivered_remote", "deferred_then_delivered", "bounced_with_child", "multi_recipient_mixed", "alias", "forward",
             "local_mailbox", "local_sendmail_submission", "authenticated_submission", "rcpt_reject_relay",
             "rcpt_reject_unknown_user", "expired", "sent_with_swaks", "smtp_source_to_sink"]

FRESH_SECONDS_MAX = 1.0
FRESH_MAILS = 15
FRESH_ROUNDS_MAX = 4  # on a machine that is busy with other things a round may say more about them than about rastrod


def follow(server, workdir: Path, name: str) -> Rastrod:
    logs = [server.log_path]
    if hasattr(server, "reject_log_path"):
        logs.append(server.reject_log_path)
    daemon = Rastrod(workdir, logs, name=name, timezone=TIME_ZONE)
    daemon.start()
    return daemon


def ask_by_command(daemon: Rastrod, message: dict) -> list[dict]:
    """As support would: who sent it, to whom, when about."""
    found, recipients = [], message["recipients"]
    for to in recipients:
        options = ["--to", to["original_recipient"] or to["recipient"], "--at", "1m ago", "--within", "1h"]
        if message["envelope_sender"]:
            options += ["--from", message["envelope_sender"]]
        found += daemon.cli_journeys(*options)
    return list({journey["id"]: journey for journey in found}.values())


def check_commands(daemon: Rastrod, truth: dict) -> list[str]:
    """find must lead to every message, and show must print each one for a person."""
    wrong, everything = [], daemon.everything()
    for message in truth["messages"]:
        wanted = {journey["id"] for journey in answers.journeys_of(message, everything)}
        if not wanted & {journey["id"] for journey in ask_by_command(daemon, message)}:
            wrong.append(f"{message['message_id']}: rastro find does not lead to it")
        for name in wanted:
            shown = daemon.cli("show", name, "--raw")
            text = shown.stdout.decode()
            if shown.returncode != 0 or not all(to["outcome"] in text for to in message["recipients"] if len(wanted) == 1):
                wrong.append(f"{message['message_id']}: rastro show: exit {shown.returncode}, {text!r} {shown.stderr.decode()!r}")
    try:  # 3 while a line is on its way: the answer is not complete yet
        until("it is known not to be there", lambda: daemon.cli("find", "--to", "nobody-ever@example.org").returncode == 1, 20, 0.2)
    except TimeoutError as error:
        wrong.append(f"rastro find for an unknown address: {error}")
    return wrong


def what_is_wrong(daemon: Rastrod, truth: dict) -> list[str]:
    """As long as it is still reading, differences are not yet wrong."""
    try:
        until("the truth is told", lambda: not answers.differences(truth, daemon.everything()), 5, 0.1)
    except TimeoutError:
        daemon.wait_read()
    return answers.differences(truth, daemon.everything())


def play(mta: str, name: str, workdir: Path) -> list[str]:
    """What rastro told differently from what happened."""
    daemon: list[Rastrod] = []
    run = Run(name, mta, workdir, on_started=lambda server: daemon.append(follow(server, workdir / "rastro", name)))
    try:
        scenarios.REGISTRY[mta][name](run)
        truth = run.finish()
        wrong = what_is_wrong(daemon[0], truth)
        return wrong + check_commands(daemon[0], truth) + stop(daemon)
    finally:
        run.stop()
        stop(daemon)


def stop(daemons: list[Rastrod]) -> list[str]:
    codes = [daemon.stop() for daemon in daemons]
    return [f"rastrod ended with {code}: {daemon.output()}" for code, daemon in zip(codes, daemons) if code != 0]


def logged_at(log: str, queue_id: str) -> float:
    """The stamp of the last line that delivered this message."""
    line = [line for line in log.splitlines() if queue_id in line and ("status=" in line or " => " in line)][-1]
    stamp = line.split(" postfix")[0].split()[0] if "T" in line[:11] else " ".join(line.split()[:2])
    return datetime.fromisoformat(stamp).timestamp()


def fresh_seconds(server, daemon: Rastrod) -> list[float]:
    """For each of some mails: from the stamp of the line that says delivered to the answer that says so."""
    taken = []
    for number in range(FRESH_MAILS):
        queue_id = server.send("eva@example.com", ["juan@example.org"], f"Message-ID: <fresh-{number}@example.com>\r\n\r\nx\r\n".encode()).queue_id
        until(f"{queue_id} is delivered", lambda name=queue_id: (journey := daemon.show(name)) and journey["counts"].get("delivered"), 120, 0.01)
        answered_at = time.time()
        taken.append(answered_at - logged_at(server.log_path.read_text(), queue_id))
    return taken


def check_freshness(mta: str, workdir: Path) -> list[str]:
    options = {"main": "log_selector = +millisec\n"} if mta == "exim" else {}
    daemons = []
    os.environ["TZ"] = TIME_ZONE  # Exim's stamps carry no zone
    time.tzset()
    with start(mta, workdir, **options) as server:
        daemons.append(follow(server, workdir / "rastro", "fresh"))
        try:
            for _ in range(FRESH_ROUNDS_MAX):
                taken = fresh_seconds(server, daemons[0])
                median = statistics.median(taken)
                print(f"        {mta}: from log line to answer: median {median:.3f} s, longest {max(taken):.3f} s, load {os.getloadavg()[0]:.1f}", flush=True)
                if median <= FRESH_SECONDS_MAX:
                    return stop(daemons)
            return [f"the median of {FRESH_MAILS} mails took {median:.3f} s from log line to answer, in each of {FRESH_ROUNDS_MAX} rounds"]
        finally:
            stop(daemons)


def fetch_servers() -> str | None:
    """Why the mail servers cannot be had."""
    trees = sandbox.trees_dir()
    trees.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["flock", str(trees) + ".lock", "sh", str(HERE / "fetch_mtas.sh"), str(trees)], capture_output=True, text=True)
    return None if done.returncode == 0 else "the mail servers cannot be fetched: " + " ".join(done.stderr.split()[-40:])


def enter_or_skip() -> None:
    reason = sandbox.why_not() or fetch_servers()
    if reason:
        print(f"SKIPPED: {reason}")
        sys.exit(1 if os.environ.get("RASTRO_CI") == "1" else SKIPPED)
    sandbox.enter()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mta", choices=["postfix", "exim"], required=True)
    parser.add_argument("--scenario", action="append", metavar="NAME")
    parser.add_argument("--all", action="store_true", help="every scenario there is")
    parser.add_argument("--freshness", action="store_true", help="only the time from log line to answer")
    options = parser.parse_args()
    if os.getpid() != 1:
        enter_or_skip()
    sandbox.enter()
    names = list(scenarios.REGISTRY[options.mta]) if options.all else options.scenario or SCENARIOS
    names = [name for name in names if options.scenario or name in scenarios.REGISTRY[options.mta]]
    wrong_of = {}
    with tempfile.TemporaryDirectory(prefix="rastro-live-") as temporary:
        if not options.freshness:
            for name in names:
                began = time.monotonic()
                wrong_of[name] = play(options.mta, name, Path(temporary) / name)
                print(f"{'FAILED' if wrong_of[name] else 'ok':7} {options.mta} {name} ({time.monotonic() - began:.1f} s)", flush=True)
        if options.freshness or not options.scenario:
            wrong_of["freshness"] = check_freshness(options.mta, Path(temporary) / "freshness")
    for name, wrong in wrong_of.items():
        for text in wrong:
            print(f"{options.mta} {name}: {text}")
    return 1 if any(wrong_of.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
