#!/usr/bin/env python3
"""kill -9 at random moments while logs grow and rotate: afterwards the index is what it would be without.

usage: kill_test.py [--rounds N] [--seed N]        RASTRO_BIN: the directory of the programs

12 rounds in every test run, 200 in .ci/run --long; 5,000: tests/system/kill_test.py --rounds 5000 (about an hour).

Each round starts rastrod, lets the logs grow for a random while (half-written lines, rotation by rename with and
without compression), and kills it. In the end every journey must be what `rastro scan` says about the whole log.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import traffic  # noqa: E402
from rastrod import Rastrod, scan  # noqa: E402

LIFETIME_SECONDS_MAX = 0.5
TURNS = 20  # of writing, in the longest life
REPEATS_MAX = 40  # of all captured logs: 115,000 lines, 17,000 messages; a bigger answer is not held in memory
START_SECONDS_MAX = float(os.environ.get("RASTRO_START_SECONDS_MAX", "20"))  # measured and told; the machine may be busy
ROTATED_KEPT = 1_000  # more than rounds rotate, so that nothing is deleted unread


class GrowingLog:
    """A log that a server appends to and logrotate renames. Rotated files stay, so that nothing may be lost."""

    def __init__(self, path: Path, lines: list[bytes], rng: random.Random):
        self.path, self.whole = path, path.with_suffix(".whole")
        self._data, self._at, self._rng = b"".join(lines), 0, rng
        self.ends = [0]
        for line in lines:
            self.ends.append(self.ends[-1] + len(line))
        self._line = 0
        path.touch()

    @property
    def done(self) -> bool:
        return self._at == len(self._data)

    def grow(self, lines: int) -> None:
        """Writes about so many lines, not always to the end of the last one."""
        self._line = min(self._line + self._rng.randrange(lines * 2 + 1), len(self.ends) - 1)
        until = self.ends[self._line]
        if self._rng.random() < 0.3 and self._line + 1 < len(self.ends):
            until += self._rng.randrange(self.ends[self._line + 1] - until)
        self._write(max(until, self._at))

    def finish(self) -> None:
        self._write(len(self._data))
        self.whole.write_bytes(self._data)

    def _write(self, until: int) -> None:
        with open(self.path, "ab") as file:
            file.write(self._data[self._at:until])
        self._at = until

    def rotate(self) -> None:
        """As logrotate with and without compression; a line that is half written goes on in the renamed file first."""
        self._write(self.ends[next(i for i, end in enumerate(self.ends) if end >= self._at)])
        self._line = next(i for i, end in enumerate(self.ends) if end >= self._at)
        for number in range(ROTATED_KEPT, 0, -1):
            for suffix in ("", ".gz"):
                old = self.path.with_name(f"{self.path.name}.{number}{suffix}")
                if old.exists():
                    old.rename(self.path.with_name(f"{self.path.name}.{number + 1}{suffix}"))
        first = self.path.with_name(f"{self.path.name}.1")
        self.path.rename(first)
        self.path.touch()
        second = self.path.with_name(f"{self.path.name}.2")
        if second.exists() and self._rng.random() < 0.5:
            with gzip.open(f"{second}.gz", "wb") as packed:
                packed.write(second.read_bytes())
            shutil.copystat(second, f"{second}.gz")
            second.unlink()


def without_now(recipient: dict) -> dict:
    """What waits is told as overdue or not by the moment of asking, and the two sides ask minutes apart."""
    explanation = recipient.get("explanation")
    if not explanation or explanation["final"]:
        return recipient
    return {**recipient, "explanation": {name: value for name, value in explanation.items() if name != "text"}}


def comparable(journey: dict) -> dict:
    """Without what depends on the file a line stood in: rotation moves it. Lists of equals in one order."""
    journey = {**journey, "recipients": [without_now(recipient) for recipient in journey["recipients"]]}
    in_order = {name: sorted(journey[name], key=lambda item: json.dumps(item, sort_keys=True))
                for name in ("recipients", "legs", "links", "facts", "timeline")}
    return {**journey, **in_order, "evidence": len(journey["evidence"])}


def what_differs(got, want) -> str:
    """Of two lists the items that are not in both, and of those the fields that differ if there is one each."""
    if isinstance(got, list) and isinstance(want, list):
        got, want = [item for item in got if item not in want], [item for item in want if item not in got]
        if len(got) == len(want) == 1:
            got, want = got[0], want[0]
    if isinstance(got, dict) and isinstance(want, dict):
        names = [name for name in want if got.get(name) != want[name]]
        got, want = {name: got.get(name) for name in names}, {name: want[name] for name in names}
    return f"{json.dumps(got)[:800]}, without faults {json.dumps(want)[:800]}"


def compare(told: list[dict], model: list[dict]) -> list[str]:
    got = {journey["id"]: comparable(journey) for journey in told}
    want = {journey["id"]: comparable(journey) for journey in model}
    wrong = [f"told twice: {len(told) - len(got)} journeys"] if len(told) != len(got) else []
    wrong += [f"lost: {json.dumps(want[name])[:600]}" for name in sorted(want.keys() - got.keys())]
    wrong += [f"too many: {json.dumps(got[name])[:600]}" for name in sorted(got.keys() - want.keys())]
    for name in sorted(got.keys() & want.keys()):
        fields = [field for field in want[name] if got[name][field] != want[name][field]]
        wrong += [f"{name} {field}: {what_differs(got[name][field], want[name][field])}" for field in fields]
    return wrong


def run(rounds: int, seed: int, work: Path) -> list[str]:
    rng = random.Random(seed)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    repeats = min(max(1, rounds // 12), REPEATS_MAX)
    logs = [GrowingLog(work / "mail.log", traffic.lines("postfix", seed, repeats, now), rng),
            GrowingLog(work / "mainlog", traffic.lines("exim", seed, repeats, now), rng)]
    daemon = Rastrod(work, [log.path for log in logs])
    # So few that the last round still has something to read.
    lines_per_turn = {log: max(1, len(log.ends) * 2 // (rounds * TURNS)) for log in logs}
    for _ in range(rounds):
        daemon.launch()
        deadline = time.monotonic() + rng.uniform(0, LIFETIME_SECONDS_MAX)
        while time.monotonic() < deadline:
            for log in logs:
                log.grow(lines_per_turn[log])
            time.sleep(LIFETIME_SECONDS_MAX / TURNS)
        daemon.kill()
        if rng.random() < 0.3:
            rng.choice(logs).rotate()
    took = daemon.start()
    for log in logs:
        log.finish()
    daemon.wait_read()
    told = daemon.everything()
    code = daemon.stop()
    model = scan([log.whole for log in logs])
    print(f"{rounds} kills, {len(model)} journeys of {sum(len(log.ends) - 1 for log in logs)} lines; "
          f"started in {took:.2f} s after the last one", flush=True)
    wrong = compare(told, model)
    if took > START_SECONDS_MAX:
        wrong.append(f"the start took {took:.1f} s")
    if code != 0:
        wrong.append(f"rastrod ended with {code}: {daemon.output()[-2000:]}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="rastro-kill-") as work:
        wrong = run(options.rounds, seed, Path(work))
        for text in wrong[:20]:
            print(text)
        if wrong:
            print(f"{len(wrong)} differences; again with: kill_test.py --rounds {options.rounds} --seed {seed}")
            if os.environ.get("RASTRO_KEEP"):
                shutil.copytree(work, os.environ["RASTRO_KEEP"], dirs_exist_ok=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
