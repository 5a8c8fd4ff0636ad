#!/usr/bin/env python3
"""Faults that a mail host has now and then: files exchanged under a stopped reader, torn writes, clocks that jump,
no descriptors left, floods of messages that never end. Each time the index must be what it would be without."""

import os
import random
import shutil
import signal
import socket
import sys
import unittest
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon_test import DaemonTest, message, messages  # noqa: E402
from rastrod import bin_dir, until  # noqa: E402

BANNER = b"".join(b"2026-01-01T00:00:00.000000+00:00 mx1 kernel: the same words at every boot\n" for _ in range(60))


def sanitized() -> bool:
    program = (bin_dir() / "rastrod").read_bytes()
    return b"__asan_" in program or b"__tsan_" in program


class Exchanged(DaemonTest):
    def test_truncated_and_longer_again_between_two_looks(self):
        self.append(messages(1, 10))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 11)))
        daemon.signal(signal.SIGSTOP)
        self.log.write_bytes(messages(101, 30))
        daemon.signal(signal.SIGCONT)
        self.expect(daemon, [*range(1, 11), *range(101, 131)])
        until("it is counted", lambda: daemon.status()["sources"]["truncations"] == 1, 20)
        self.assertTrue(daemon.get("/v1/coverage")[1]["holes"], "what may be lost is not told")

    def test_a_new_file_under_the_old_inode(self):
        self.append(messages(1, 10))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 11)))
        wanted = list(range(1, 11))
        for turn, count in ((1, 2), (2, 40), (3, 3)):  # shorter and longer than the one before
            self.assertEqual(daemon.stop(), 0)
            self.log.unlink()
            self.append(messages(turn * 100, count))
            wanted += range(turn * 100, turn * 100 + count)
            daemon.start()
            self.expect(daemon, wanted)

    def test_two_logs_that_begin_alike(self):
        other = self.work / "mail2.log"
        self.append(BANNER + messages(1, 3))
        self.append(BANNER + messages(11, 3), other)
        daemon = self.daemon([self.log, other])
        daemon.start()
        self.expect(daemon, [1, 2, 3, 11, 12, 13])
        self.assertEqual(daemon.stop(), 0)
        self.append(messages(4, 1))
        self.append(messages(14, 1), other)
        daemon.start()
        self.expect(daemon, [1, 2, 3, 4, 11, 12, 13, 14])


class Torn(DaemonTest):
    def test_the_end_of_the_write_ahead_log_is_lost(self):
        """What a power cut may do; the positions go back together with the rows."""
        rng = random.Random(7)
        self.append(messages(1, 20))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 21)))
        self.append(messages(21, 20))
        self.expect(daemon, list(range(1, 41)))
        daemon.kill()
        kept = self.work / "kept"
        shutil.copytree(daemon.state, kept)
        wals = [path.name for path in kept.glob("*-wal")]
        self.assertTrue(wals, "there is no write-ahead log to tear")
        for _ in range(8):
            shutil.rmtree(daemon.state)
            shutil.copytree(kept, daemon.state)
            for name in wals:
                path = daemon.state / name
                os.truncate(path, rng.randrange(path.stat().st_size // 512 + 1) * 512)
            daemon.start()
            self.expect(daemon, list(range(1, 41)))
            daemon.kill()

    def test_noise_in_the_index(self):
        rng = random.Random(8)
        self.append(messages(1, 60))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 61)))
        self.assertEqual(daemon.stop(), 0)
        kept = self.work / "kept"
        shutil.copytree(daemon.state, kept)
        for _ in range(6):
            shutil.rmtree(daemon.state)
            shutil.copytree(kept, daemon.state)
            for path in daemon.state.glob("*.db"):
                data = bytearray(path.read_bytes())
                for _ in range(20):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                path.write_bytes(data)
            # It may not see the damage before somebody asks; it must live, take new lines, and stop.
            daemon.start()
            self.append(message(61))
            daemon.wait_read()
            self.assertIn(daemon.get("/v1/journeys?recipient=juan@example.org")[0], (200, 503))
            self.assertEqual(daemon.stop(), 0, daemon.output()[-2000:])


class Pressed(DaemonTest):
    def test_no_descriptor_is_left(self):
        daemon = self.daemon(api={"connections_max": 1000})
        daemon.start(prefix=["prlimit", "--nofile=64:64"])
        clients = []
        for _ in range(100):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            try:
                client.connect(str(daemon.socket))
            except OSError:
                pass  # its queue is full
            clients.append(client)
        self.append(messages(1, 10))
        self.log.rename(self.work / "mail.log.1")
        self.append(messages(11, 10))
        for client in clients:
            client.close()
        self.expect(daemon, list(range(1, 21)))

    def test_messages_that_never_end_are_bounded_in_memory(self):
        daemon = self.daemon(limits={"open_legs_max": 1000})
        daemon.start()
        at = datetime.now(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds")
        first = message(1).splitlines(keepends=True)
        self.append(b"".join(first[:2]))
        daemon.wait_read()
        before = self.peak_kib(daemon)
        for block in range(10):
            self.append(b"".join(f"{at}+00:00 mx1 postfix/qmgr[7]: {number:010X}: from=<a{number}@example.com>, size=1, nrcpt=1 (queue active)\n".encode()
                                 for number in range(0x1000000 + block * 10_000, 0x1000000 + (block + 1) * 10_000)))
        daemon.wait_read()
        legs = daemon.status()["legs"]
        # The limit, and what is on its way to the disk: seven batches of ten thousand at most.
        self.assertLessEqual(legs["in_memory"], 75_000, legs)
        self.assertGreaterEqual(legs["evicted"], 25_000, legs)
        if not sanitized():
            self.assertLess(self.peak_kib(daemon) - before, 256 * 1024)
        # The one that was written out longest ago is found again by its next line.
        self.append(b"".join(first[2:]))
        until("it ended", lambda: daemon.show("000000001F")["counts"].get("delivered"), 60)
        self.assertEqual(len(daemon.show("000000001F")["evidence"]), 4)

    @staticmethod
    def peak_kib(daemon) -> int:
        for line in Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise RuntimeError("no VmHWM in /proc")


class Clock(DaemonTest):
    def start_at(self, daemon, shift: str) -> None:
        """With the wall clock `shift` away from ours."""
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if sanitized():
            self.skipTest("a sanitizer and faketime want the same place in the program")
        daemon.start(prefix=["env", f"LD_PRELOAD={library}", f"FAKETIME={shift}", "DONT_FAKE_MONOTONIC=1"])

    def test_a_clock_that_goes_back_three_hours(self):
        self.append(messages(1, 5))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 6)))
        self.assertEqual(daemon.stop(), 0)
        self.start_at(daemon, "-3h")
        self.append(messages(6, 5))
        self.expect(daemon, list(range(1, 11)))
        self.assertEqual(daemon.stop(), 0)
        daemon.start()
        self.expect(daemon, list(range(1, 11)))

    def test_what_is_a_day_old_is_gone(self):
        self.append(messages(1, 5))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 6)))
        self.assertEqual(daemon.stop(), 0)
        self.start_at(daemon, "+25h")
        self.assertEqual(daemon.everything(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
