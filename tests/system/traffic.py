"""Long logs made of the captured ones: the same seed gives the same lines.

Several captured scenarios run at the same time, as on a busy server, again and again. Queue ids, Message-IDs and process
ids are renamed each time, so that every message is told apart; stamps are new, a few milliseconds apart. The words stay.
"""

import random
import re
from datetime import datetime, timedelta
from pathlib import Path

LOGS = Path(__file__).resolve().parents[1] / "logs"
_AT_ONCE = 5
_ROUND = timedelta(seconds=60)  # whichever MTA: logs that are read side by side are of one time

_SYSLOG = re.compile(r"^(\d{4}-\d\d-\d\dT\S+) (\S+) ([^\[ ]+)\[(\d+)\]: (.*)$")
_SHORT_ID = re.compile(r"\b[0-9A-F]{8,12}\b")
_LONG_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYbcdfghjklmnpqrstvwxy"
_LONG_ID = re.compile(f"\\b([{_LONG_DIGITS}]{{10}})z[{_LONG_DIGITS}]{{1,10}}\\b")  # the time, then the inode
_EXIM = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (.*)$")
_EXIM_ID = re.compile(r"\b([0-9A-Za-z]{6})-([0-9A-Za-z]{6})-([0-9A-Za-z]{2})\b")
_MESSAGE_ID = "@client.example.com"


def _scenario_lines(mta: str) -> list[list[str]]:
    pattern, form = ("*.log", _SYSLOG) if mta == "postfix" else ("*.log", _EXIM)
    scenarios = []
    for path in sorted((LOGS / mta / "captured").glob(pattern)):
        if ".traditional." in path.name or ".syslog." in path.name:
            continue
        lines = [line for line in path.read_text(encoding="utf-8", errors="surrogateescape").split("\n") if form.match(line)]
        if lines:
            scenarios.append(lines)
    return scenarios


class _Renamed:
    """One scenario under names of its own. `number` is new for each."""

    def __init__(self, lines: list[str], number: int):
        self.lines, self.number, self._ids = iter(lines), number, {}

    def _queue_id(self, match: re.Match) -> str:
        return self._ids.setdefault(match[0], f"{self.number:04X}{len(self._ids):03X}{match[0][-4:]}")

    def _long_id(self, match: re.Match) -> str:
        inode, digits = self.number * 1000 + len(self._ids), ""
        while inode:
            inode, digit = divmod(inode, len(_LONG_DIGITS))
            digits += _LONG_DIGITS[digit]
        return self._ids.setdefault(match[0], f"{match[1]}z{digits}")

    def _exim_id(self, match: re.Match) -> str:
        return self._ids.setdefault(match[0], f"{match[1]}-{self.number:04d}{len(self._ids) % 100:02d}-{match[3]}")

    def next(self) -> str | None:
        line = next(self.lines, None)
        return line and line.replace(_MESSAGE_ID, f".{self.number}{_MESSAGE_ID}")

    def syslog(self, at: datetime) -> str | None:
        if (line := self.next()) is None:
            return None
        _, host, program, pid, text = _SYSLOG.match(line).groups()
        return f"{at.isoformat(timespec='microseconds')}+00:00 {host} {program}[{int(pid) + 10_000 * self.number}]: {_LONG_ID.sub(self._long_id, _SHORT_ID.sub(self._queue_id, text))}"

    def exim(self, at: datetime) -> str | None:
        if (line := self.next()) is None:
            return None
        return f"{at:%Y-%m-%d %H:%M:%S} {_EXIM_ID.sub(self._exim_id, _EXIM.match(line)[1])}"


def lines(mta: str, seed: int, rounds: int, until: datetime) -> list[bytes]:
    """`rounds` times all captured scenarios of "postfix" or "exim"; the last line is stamped `until` (UTC)."""
    rng = random.Random(f"{mta} {seed}")
    waiting = []
    for turn in range(rounds):
        scenarios = _scenario_lines(mta)
        rng.shuffle(scenarios)
        waiting += [_Renamed(scenario, turn * len(scenarios) + number + 1) for number, scenario in enumerate(scenarios)]
    count = sum(1 for scenario in _scenario_lines(mta) for _ in scenario) * rounds
    step = _ROUND * rounds / count
    at, running, out = until - step * count, [], []
    while waiting or running:
        while waiting and len(running) < _AT_ONCE:
            running.append(waiting.pop())
        stream = rng.choice(running)
        line = stream.syslog(at) if mta == "postfix" else stream.exim(at)
        if line is None:
            running.remove(stream)
            continue
        out.append(line.encode("utf-8", "surrogateescape") + b"\n")
        at += step
    return out
