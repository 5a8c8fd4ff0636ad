#!/usr/bin/env python3
"""rastrod as a process: files that come, go, rotate and break; signals; a second daemon; a full disk; damaged state.

Needs no mail server. What needs root (mounts, other users) says SKIPPED without it; with RASTRO_CI=1 that fails.
"""

import bz2
import gzip
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rastrod import Rastrod, bin_dir, run_rastro, scan, until  # noqa: E402

LINES_OF_MESSAGE = 4


def message(number: int, to: str = "juan@example.org", status: str = "sent", text: str = "250 2.0.0 Ok") -> bytes:
    """What Postfix logs about one mail, now; `number` makes its queue id."""
    at, queue_id = datetime.now(timezone.utc).replace(tzinfo=None), f"{number:09X}F"
    parts = [("smtpd[11]", f"{queue_id}: client=client.example.com[203.0.113.50]"),
             ("qmgr[12]", f"{queue_id}: from=<ana@example.com>, size=512, nrcpt=1 (queue active)"),
             ("smtp[13]", f"{queue_id}: to=<{to}>, relay=mx.example.net[192.0.2.7]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status={status} ({text})"),
             ("qmgr[12]", f"{queue_id}: removed")]
    return b"".join(f"{(at + timedelta(microseconds=i)).isoformat(timespec='microseconds')}+00:00 mx1 postfix/{program}: {line}\n".encode()
                    for i, (program, line) in enumerate(parts))


def messages(first: int, count: int) -> bytes:
    return b"".join(message(number) for number in range(first, first + count))


def as_root(test):
    """For what only root can arrange."""
    def run(self):
        if os.geteuid() != 0:
            if os.environ.get("RASTRO_CI") == "1":
                self.fail("needs root")
            self.skipTest("needs root")
        test(self)
    return run


class DaemonTest(unittest.TestCase):
    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="rastro-daemon-"))
        self.addCleanup(shutil.rmtree, self.work, True)
        self.log = self.work / "mail.log"
        self.daemons: list[Rastrod] = []

    def tearDown(self):
        for daemon in self.daemons:
            self.assertEqual(daemon.stop(), 0, daemon.output())

    def daemon(self, sources=None, **options) -> Rastrod:
        daemon = Rastrod(self.work, sources or [self.log], **options)
        self.daemons.append(daemon)
        return daemon

    def append(self, data: bytes, path: Path | None = None) -> None:
        with open(path or self.log, "ab") as file:
            file.write(data)

    def numbers(self, daemon: Rastrod) -> list[int]:
        """The messages that are told, by number; each leg must have all its lines."""
        journeys = daemon.everything()
        for journey in journeys:
            self.assertEqual(len(journey["evidence"]), LINES_OF_MESSAGE, journey)
        return sorted(int(leg["queue_id"][:-1], 16) for journey in journeys for leg in journey["legs"])

    def expect(self, daemon: Rastrod, wanted: list[int]) -> None:
        """What is told, at once or soon; nothing twice, nothing else."""
        def told() -> bool:
            try:
                return self.numbers(daemon) == wanted
            except (AssertionError, OSError):
                return False  # not all lines yet; or the socket is being replaced

        try:
            until("all messages are told", told, 30)
        except TimeoutError:
            pass  # what differs is told by the line below
        self.assertEqual(self.numbers(daemon), wanted)


class Following(DaemonTest):
    def test_a_log_that_comes_later_is_waited_for(self):
        daemon = self.daemon()
        daemon.start()
        self.append(messages(1, 3))
        self.expect(daemon, [1, 2, 3])

    def test_rename_and_create(self):
        self.append(messages(1, 2))
        daemon = self.daemon()
        daemon.start()
        for turn in range(3):
            first = 10 * (turn + 1)
            self.append(messages(first, 2))
            self.log.rename(self.work / f"mail.log.{9 - turn}")
            # The mail server still has the old file open.
            self.append(messages(first + 2, 2), self.work / f"mail.log.{9 - turn}")
            self.append(messages(first + 4, 2))
        self.expect(daemon, [1, 2, *range(10, 16), *range(20, 26), *range(30, 36)])

    def test_rotation_and_compression_while_it_was_stopped(self):
        self.append(messages(1, 5))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 6)))
        self.assertEqual(daemon.stop(), 0)
        self.append(messages(6, 5))
        with gzip.open(self.work / "mail.log.2.gz", "wb") as packed:
            packed.write(self.log.read_bytes())
        self.log.unlink()
        self.append(messages(11, 5), self.work / "mail.log.1")
        self.append(messages(16, 5))
        daemon.start()
        self.expect(daemon, list(range(1, 21)))

    def test_a_late_line_behind_a_restart_belongs_to_the_message_that_has_ended(self):
        self.append(message(1))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, [1])
        self.assertEqual(daemon.stop(), 0)
        # Another process's line that syslog wrote behind "removed".
        self.append(message(1, to="eva@example.org").splitlines(keepends=True)[2])
        daemon.start()
        journey, = until("the late line is told", lambda: [
            journey for journey in daemon.everything() if len(journey["recipients"]) == 2], 30)
        self.assertEqual(len(journey["legs"]), 1)
        self.assertEqual(len(journey["evidence"]), LINES_OF_MESSAGE + 1)
        self.assertEqual(len(daemon.everything()), 1)

    def test_copy_and_truncate(self):
        self.append(messages(1, 5))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 6)))
        shutil.copy2(self.log, self.work / "mail.log.1")
        os.truncate(self.log, 0)
        self.append(messages(6, 2))
        self.expect(daemon, list(range(1, 8)))

    def test_archives_of_the_last_day_are_read_at_the_first_start(self):
        for name, opener, first in (("mail.log.3.bz2", bz2.open, 1), ("mail.log.2.gz", gzip.open, 3)):
            with opener(self.work / name, "wb") as packed:
                packed.write(messages(first, 2))
        self.append(messages(5, 2), self.work / "mail.log.1")
        self.append(messages(7, 2))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 9)))

    def test_a_half_written_line_waits_for_its_end(self):
        daemon = self.daemon()
        daemon.start()
        data = message(1)
        for at in range(0, len(data), 37):
            self.append(data[at:at + 37])
        self.expect(daemon, [1])
        self.append(message(2)[:-1])
        daemon.wait_read()
        self.assertEqual([leg["closed_at"] for leg in daemon.show("000000002F")["legs"]], [None], "a line without its end was read")
        self.append(b"\n")
        self.expect(daemon, [1, 2])

    def test_many_files_by_glob(self):
        for number in range(60):
            self.append(message(number + 1), self.work / f"mail{number}.log")
        daemon = self.daemon([self.work / "mail*.log"])
        daemon.start()
        self.expect(daemon, list(range(1, 61)))
        for number in range(60):
            self.append(message(number + 101), self.work / f"mail{number}.log")
        self.append(message(200), self.work / "mail-new.log")
        self.expect(daemon, [*range(1, 61), *range(101, 161), 200])

    def test_a_log_that_vanishes_and_comes_back(self):
        self.append(messages(1, 2))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, [1, 2])
        self.log.unlink()
        daemon.wait_read()
        self.append(messages(3, 2))
        self.expect(daemon, [1, 2, 3, 4])

    @as_root
    def test_an_unreadable_log_is_told_once_and_read_when_it_can_be(self):
        os.chown(self.work, 65534, 65534)
        self.append(messages(1, 2))
        os.chmod(self.log, 0o600)
        daemon = self.daemon()
        daemon.start(prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        until("it is told", lambda: "mail.log" in daemon.output(), 20)
        daemon.wait_read()
        self.assertEqual(daemon.output().count("Permission denied"), 1, daemon.output())
        for target in ("/healthz", "/v1/status"):
            self.assertFalse(daemon.get(target)[1]["caught_up"], target)
        self.assertEqual([log["source"] for log in daemon.status()["sources"]["unreadable"]], [str(self.log)])
        self.assertFalse(daemon.answer(recipient="nobody@example.org")["proven_absent"])
        os.chmod(self.log, 0o644)
        self.expect(daemon, [1, 2])
        until("it says so", lambda: daemon.get("/healthz")[1]["caught_up"], 20)

    def test_a_pattern_whose_logs_vanish_proves_nothing(self):
        logs = self.work / "logs"
        logs.mkdir()
        self.append(messages(1, 2), logs / "mail-1.log")
        self.append(messages(3, 2))
        daemon = self.daemon([self.log, logs / "mail-*.log"])
        daemon.start()
        self.expect(daemon, [1, 2, 3, 4])
        until("it says so", lambda: daemon.get("/healthz")[1]["caught_up"], 20)
        logs.rename(self.work / "elsewhere")
        until("it is told", lambda: not daemon.status()["caught_up"], 90)
        self.assertEqual([log["source"] for log in daemon.status()["sources"]["unreadable"]], [str(logs / "mail-1.log")])
        self.append(messages(5, 1))
        self.expect(daemon, [1, 2, 3, 4, 5])
        self.assertFalse(daemon.answer(recipient="nobody@example.org")["proven_absent"])

    def test_a_log_that_does_not_exist_is_a_hole_unless_it_need_not_exist(self):
        self.append(messages(1, 2))
        daemon = self.daemon([self.log, self.work / "rejectlog"])
        daemon.start()
        self.expect(daemon, [1, 2])
        daemon.wait_read()
        self.assertEqual(daemon.cli("find", "--to", "nobody@example.org").returncode, 1)
        self.assertIn("rejectlog", daemon.output())
        self.assertEqual(daemon.get("/healthz")[1]["status"], "ok")
        self.assertEqual(daemon.stop(), 0)
        daemon.configure([self.log, self.work / "mail.lgo"])
        daemon.start()
        daemon.wait_read()
        self.assertEqual(daemon.cli("find", "--to", "nobody@example.org").returncode, 3)
        self.assertEqual(daemon.get("/healthz")[1]["status"], "degraded")
        self.assertEqual(daemon.stop(), 0)
        daemon.configure([self.work / "nothing", self.work / "mainlog"])
        daemon.start()
        daemon.wait_read()
        self.assertEqual(daemon.cli("find", "--to", "nobody@example.org").returncode, 3)

    def test_a_pipe_a_directory_and_a_link_are_refused_and_the_others_go_on(self):
        os.mkfifo(self.work / "mail-pipe.log")
        (self.work / "mail-dir.log").mkdir()
        self.append(message(9), self.work / "elsewhere")
        (self.work / "mail-link.log").symlink_to(self.work / "elsewhere")
        self.append(message(1), self.work / "mail-good.log")
        daemon = self.daemon([self.work / "mail-*.log"])
        daemon.start()
        self.expect(daemon, [1])
        daemon.wait_read()
        for name in ("mail-pipe.log", "mail-dir.log", "mail-link.log"):
            self.assertIn(name, daemon.output())


# What is no line of a mail server, between lines that are. Neighbours must not suffer.
BAD_INPUT = {
    "binary": bytes(range(256)) * 400,
    "a line of 1 MB": b"x" * 1_000_000,
    "NUL bytes": b"\0" * 5000,
    "invalid UTF-8": b"2026-01-01T00:00:00.000000+00:00 mx1 postfix/smtpd[1]: \xff\xfe\xc3\x28 \xed\xa0\x80",
    "empty lines": b"\n\n\n",
    "CR LF": b"hello\r",
    "a long header": b"Jan  1 00:00:00 " + b"h" * 3000 + b" postfix/smtpd[1]: x",
}


class BadInput(DaemonTest):
    def whole(self) -> bytes:
        out = message(1)
        for number, (_, bad) in enumerate(BAD_INPUT.items()):
            out += bad + b"\n" + message(number + 2)
        return out

    def test_neighbours_of_bad_lines_are_read(self):
        self.append(self.whole())
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, len(BAD_INPUT) + 2)))
        lines = daemon.status()["lines"]
        self.assertGreaterEqual(lines["cut"], 1, lines)
        self.assertGreaterEqual(lines["nul_bytes"], 5000, lines)
        self.assertEqual(sum(lines["by_kind"].values()), lines["read"], lines)

    def test_scan_of_the_same(self):
        self.append(self.whole())
        self.assertEqual(len(scan([self.log])), len(BAD_INPUT) + 1)
        done = run_rastro("scan", "--lines", str(self.log))
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sum(1 for line in told if line["journey"]), LINES_OF_MESSAGE * (len(BAD_INPUT) + 1))

    def test_a_half_written_last_line_is_read_by_scan(self):
        self.append(message(1)[:-1])
        self.assertEqual([leg["queue_id"] for journey in scan([self.log]) for leg in journey["legs"] if leg["closed_at"]], ["000000001F"])

    def scan_of(self, *paths: Path):
        done = run_rastro("scan", *map(str, paths))
        return done.returncode, done.stderr.decode()

    def test_scan_says_what_it_cannot_read(self):
        good = self.work / "good.log"
        self.append(message(1), good)
        (self.work / "directory").mkdir()
        (self.work / "empty").touch()
        self.append(b"\x7fELF" + os.urandom(5000), self.work / "binary")
        self.append(b"\x1f\x8b\x08\x00broken", self.work / "broken.gz")
        os.mkfifo(self.work / "pipe")
        for name, code, said in (("directory", 3, "directory"), ("absent", 3, "absent"), ("broken.gz", 3, "broken.gz"), ("pipe", 3, "pipe")):
            with self.subTest(name):
                got, text = self.scan_of(self.work / name)
                self.assertEqual(got, code, text)
                self.assertIn(said, text)
                # The good one beside it is answered, and the answer said to be incomplete.
                done = run_rastro("scan", str(self.work / name), str(good), "--to", "juan@example.org", "--output", "ndjson")
                self.assertEqual((done.returncode, len(done.stdout.splitlines())), (3, 1), done)
        for name, said in (("empty", "empty"), ("binary", "form of a mail server's log")):
            with self.subTest(name):
                got, text = self.scan_of(self.work / name)
                self.assertEqual(got, 1, text)
                self.assertIn(said, text)

    @as_root
    def test_scan_without_permission(self):
        os.chmod(self.work, 0o755)
        self.append(message(1))
        os.chmod(self.log, 0o600)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(bin_dir() / "rastro"), "scan", str(self.log)],
                              capture_output=True, text=True, env={**os.environ, "TMPDIR": "/tmp"})
        if "No such file" in done.stderr or done.returncode == 127:
            self.skipTest("the programs are where another user may not go")
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("Permission denied", done.stderr)

    def test_scan_leaves_nothing_behind(self):
        private = self.work / "tmp"
        private.mkdir()
        self.append(messages(1, 10))
        for arguments in (["--to", "juan@example.org"], ["--export", "-"], ["--lines"], ["--show", "nobody"]):
            run_rastro("scan", str(self.log), *arguments, env={"TMPDIR": str(private)})
            self.assertEqual(list(private.iterdir()), [], arguments)

    def test_scan_reads_standard_input_and_archives(self):
        data = messages(1, 3)
        done = run_rastro("scan", "-", "--export", "-", stdin=data)
        self.assertEqual(len(done.stdout.splitlines()), 3, done.stderr)
        with gzip.open(self.work / "mail.log.gz", "wb") as packed:
            packed.write(data)
        self.assertEqual(len(scan([self.work / "mail.log.gz"])), 3)


class Configuration(DaemonTest):
    def check(self, text: str, *arguments: str):
        path = self.work / "check.yaml"
        path.write_text(text)
        done = subprocess.run([str(bin_dir() / "rastrod"), "--config", str(path), *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_all_mistakes_at_once_with_line_and_column(self):
        text = "sources:\n  - path: relative.log\n    colour: red\nstore:\n  retention: 24 parsecs\napi:\n  connections_max: many\nnonsense: 1\n"
        code, said = self.check(text, "--check-config")
        self.assertEqual(code, 2, said)
        for place in ("2:11", "3:", "5:14", "7:20", "8:1"):
            self.assertIn(f"check.yaml:{place}", said)
        self.assertEqual(self.check(text)[0], 2, "it starts with a configuration that is wrong")

    def test_a_good_one_is_said_to_be_good(self):
        code, said = self.check("sources:\n  - path: /var/log/mail.log\napi:\n  socket_group: \"\"\n", "--check-config")
        self.assertEqual(code, 0, said)

    def test_what_this_machine_does_not_have_is_named_with_its_place(self):
        text = "api:\n  socket_group: \"\"\n  operators:\n    - user:no-such-user\nreasons:\n  rules_file: /no/such/rules.yaml\nsources:\n  - path: /var/log/mail.log\n    timezone: Europe/Madird\n"
        code, said = self.check(text, "--check-config")
        self.assertEqual(code, 2, said)
        for place in ("4:7: api.operators", "6:15: reasons.rules_file"):
            self.assertIn(f"check.yaml:{place}", said)
        self.assertIn("check.yaml:9:15: timezone", said)

    def test_absent_and_oversized_files(self):
        done = subprocess.run([str(bin_dir() / "rastrod"), "--config", str(self.work / "absent.yaml"), "--check-config"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("absent.yaml", done.stderr)
        self.assertEqual(self.check("#" * 10_000_000, "--check-config")[0], 2)

    def test_sighup_takes_a_good_configuration(self):
        self.append(messages(1, 2))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, [1, 2])
        other = self.work / "other.log"
        self.append(messages(3, 2), other)
        daemon.configure([self.log, other])
        daemon.signal(signal.SIGHUP)
        until("the other log is read", lambda: self.told(daemon) == 4, 60)
        self.append(messages(5, 1))
        self.expect(daemon, [1, 2, 3, 4, 5])

    @staticmethod
    def told(daemon: Rastrod) -> int:
        try:
            return len(daemon.everything())
        except OSError:
            return -1  # the socket is being replaced
        except RuntimeError as refused:
            if "takes a new configuration" not in str(refused):
                raise
            return -1

    def test_sighup_keeps_the_old_configuration_when_the_new_one_is_wrong(self):
        self.append(messages(1, 2))
        daemon = self.daemon()
        daemon.start()
        good = daemon.config_path.read_text()
        for broken in ("sources: [", "nonsense: 1\n", json.dumps({"store": {"state_directory": "/proc/nowhere"}})):
            written = len(daemon.output())
            daemon.config_path.write_text(broken)
            daemon.signal(signal.SIGHUP)
            until("it is told", lambda at=written: "the old one stays" in daemon.output()[at:], 60)
            until("it answers", lambda: self.told(daemon) == 2, 60)
        daemon.config_path.write_text(good)
        self.append(messages(3, 1))
        self.expect(daemon, [1, 2, 3])


class Process(DaemonTest):
    def test_starts_and_stops_cleanly(self):
        self.append(messages(1, 3))
        daemon = self.daemon()
        for _ in range(5):
            daemon.start()
            self.expect(daemon, [1, 2, 3])
            self.assertEqual(daemon.stop(), 0, daemon.output())
            self.assertFalse(daemon.socket.exists(), "the socket stays behind")
            last = daemon.output().splitlines()[-2:]
            self.assertRegex(last[0], r"stopping: SIGTERM$")
            self.assertRegex(last[1], r"stopped: all that was read is in the index \(\d+ message rows written while stopping\)$")

    def test_a_second_daemon_on_one_state_directory_ends_with_a_reason(self):
        daemon = self.daemon()
        daemon.start()
        second = self.daemon(name="second", store={"state_directory": str(daemon.state)})
        second.launch()
        self.assertNotEqual(second.process.wait(60), 0)
        self.assertRegex(second.output(), "lock|another|in use")
        second.process = None
        self.append(message(1))
        self.expect(daemon, [1])

    def test_a_second_daemon_does_not_take_the_socket(self):
        daemon = self.daemon()
        daemon.start()
        second = self.daemon(name="second", api={"socket": str(daemon.socket)})
        second.launch()
        self.assertNotEqual(second.process.wait(60), 0, "two daemons on one socket")
        second.process = None
        self.append(message(1))
        self.expect(daemon, [1])

    def test_a_stale_socket_is_replaced_and_anything_else_is_not(self):
        daemon = self.daemon()
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(daemon.socket))
        stale.close()
        daemon.start()
        self.assertTrue(stat.S_ISSOCK(daemon.socket.lstat().st_mode))
        self.assertEqual(daemon.stop(), 0)
        daemon.socket.write_text("mine")
        daemon.launch()
        self.assertNotEqual(daemon.process.wait(60), 0)
        daemon.process = None
        self.assertEqual(daemon.socket.read_text(), "mine")

    def test_the_index_is_its_users_alone(self):
        self.append(message(1))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, [1])
        for path in daemon.state.rglob("*"):
            self.assertEqual(stat.S_IMODE(path.lstat().st_mode) & 0o077, 0, path)

    def test_the_socket_has_its_mode_from_the_first_moment(self):
        daemon = self.daemon(api={"socket_mode": "0600"})
        daemon.launch()
        until("the socket is there", daemon.socket.exists)
        self.assertEqual(stat.S_IMODE(daemon.socket.lstat().st_mode), 0o600)

    def test_a_socket_in_a_directory_of_everybody_is_refused(self):
        shared = self.work / "shared"
        shared.mkdir()
        shared.chmod(0o777)
        daemon = self.daemon(api={"socket": str(shared / "rastro.sock")})
        daemon.launch()
        self.assertNotEqual(daemon.process.wait(60), 0)
        daemon.process = None
        self.assertIn(str(shared), daemon.output())

    def test_what_a_client_may_do_wrong(self):
        self.append(message(1))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, [1])
        for nonsense in (b"\0" * 100_000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100_000, b"POST /v1/bounce HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
                         b"GET /" + b"a" * 1_000_000, os.urandom(10_000), b"GET /v1/journeys?recipient=%zz HTTP/1.1\r\n\r\n"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(daemon.socket))
                client.settimeout(20)
                try:
                    client.sendall(nonsense)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
                except OSError:
                    pass  # it hung up
        silent = [socket.socket(socket.AF_UNIX) for _ in range(8)]
        for client in silent:
            client.connect(str(daemon.socket))
        self.assertEqual(self.numbers(daemon), [1])
        for client in silent:
            client.close()


class Storage(DaemonTest):
    @as_root
    def test_a_full_disk_stops_nothing_for_good(self):
        state = self.work / "rastro.state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(state)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(state)], check=False)
        daemon = self.daemon()
        daemon.start()
        self.append(messages(1, 10))
        self.expect(daemon, list(range(1, 11)))
        hog = state / "hog"
        with open(hog, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass  # full
        began = datetime.now(timezone.utc).isoformat()
        self.append(messages(11, 500))
        until("it says so", lambda: daemon.get("/healthz")[1]["status"] == "degraded", 60)
        self.assertIn("cannot be written", daemon.output())
        code, health = daemon.get("/healthz")
        self.assertEqual((code, health["caught_up"]), (200, False))
        self.assertLess(health["read_up_to"], began, "a line that is not in the index counts")
        status = daemon.status()
        self.assertFalse(status["index_writable"])
        self.assertIn("full", status["index_trouble"])
        self.assertLess(status["read_up_to"], began)
        coverage = daemon.get("/v1/coverage")[1]
        self.assertFalse(coverage["complete"])
        self.assertIn("index_not_written", [hole["cause_code"] for hole in coverage["holes"]])
        self.assertFalse(daemon.answer(recipient="nobody@example.org")["proven_absent"])
        done = daemon.cli("find", "--to", "nobody@example.org", "--lang", "en")
        self.assertEqual(done.returncode, 3, done)
        self.assertIn(b"the index cannot be written", b" ".join(done.stdout.split()))
        done = daemon.cli("status", "--lang", "en")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(b"cannot be written", done.stdout)
        self.assertGreaterEqual(len(daemon.everything()), 10, "questions are not answered any more")
        hog.unlink()
        self.expect(daemon, list(range(1, 511)))
        self.assertEqual(daemon.get("/healthz")[1]["status"], "ok")
        self.assertIsNone(daemon.status()["index_trouble"])

    def is_told(self, daemon: Rastrod) -> None:
        until("it says so", lambda: daemon.get("/healthz")[1]["status"] == "degraded", 20)
        self.assertIn("state directory", daemon.status()["index_trouble"])
        coverage = daemon.get("/v1/coverage")[1]
        self.assertFalse(coverage["complete"])
        self.assertIn("index_gone", [hole["cause_code"] for hole in coverage["holes"]])
        self.assertFalse(daemon.answer(recipient="nobody@example.org")["proven_absent"])
        self.assertIn("state directory", daemon.output())

    def is_well_again(self, daemon: Rastrod, wanted: list[int]) -> None:
        until("all of them are found", lambda: Configuration.told(daemon) == len(wanted), 60)
        self.expect(daemon, wanted)
        until("it says so", lambda: daemon.get("/healthz")[1]["status"] == "ok", 20)
        until("files are there", lambda: list(daemon.state.glob("*.db")), 20)

    def running(self) -> Rastrod:
        self.append(messages(1, 10))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 11)))
        return daemon

    def test_a_state_directory_that_is_removed_and_made_again(self):
        daemon = self.running()
        shutil.rmtree(daemon.state)
        self.append(messages(11, 10))
        self.is_told(daemon)
        daemon.state.mkdir(mode=0o700)
        self.is_well_again(daemon, list(range(1, 21)))

    def test_a_state_directory_that_is_moved_away_and_back(self):
        daemon = self.running()
        away = self.work / "away"
        daemon.state.rename(away)
        self.append(messages(11, 10))
        self.is_told(daemon)
        # Which hours a reader still has open is its own affair: each answers, and says what is missing.
        for _ in range(20):
            self.assertFalse(daemon.answer(since="1970-01-02T00:00:00Z")["coverage"]["complete"])
        away.rename(daemon.state)
        self.is_well_again(daemon, list(range(1, 21)))

    def test_index_files_that_are_removed_under_it_are_made_again(self):
        daemon = self.running()
        for path in daemon.state.glob("*.db*"):
            path.unlink()
        self.append(messages(11, 10))
        self.is_well_again(daemon, list(range(1, 21)))
        self.assertIn("opened anew", daemon.output())

    @as_root
    def test_a_file_system_that_is_unmounted_and_mounted_again(self):
        state, kept = self.work / "rastro.state", self.work / "kept"
        for path in (state, kept):
            path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(kept)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(kept)], check=False)
        subprocess.run(["mount", "--bind", str(kept), str(state)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(state)], check=False, stderr=subprocess.DEVNULL)
        daemon = self.running()
        subprocess.run(["umount", "--lazy", str(state)], check=True)
        self.append(messages(11, 10))
        self.is_told(daemon)
        self.assertEqual(list(state.iterdir()), [], "an index was begun below the mount point")
        subprocess.run(["mount", "--bind", str(kept), str(state)], check=True)
        self.is_well_again(daemon, list(range(1, 21)))

    def damage(self, how) -> Rastrod:
        self.append(messages(1, 50))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 51)))
        self.assertEqual(daemon.stop(), 0)
        for path in daemon.state.glob("*.db"):
            how(path)
        daemon.start()
        return daemon

    def test_a_file_of_zeros_is_put_aside_and_read_again(self):
        daemon = self.damage(lambda path: path.write_bytes(b"\0" * path.stat().st_size))
        self.expect(daemon, list(range(1, 51)))
        until("nothing is missing", lambda: daemon.get("/healthz")[1]["status"] == "ok", 20)
        self.assertEqual(daemon.status()["store"]["set_aside"], [])
        self.assertTrue(daemon.answer(recipient="nobody@example.org")["proven_absent"])
        self.append(message(51))
        self.expect(daemon, list(range(1, 52)))

    def test_a_truncated_file(self):
        daemon = self.damage(lambda path: os.truncate(path, path.stat().st_size // 2 // 4096 * 4096))
        self.expect(daemon, list(range(1, 51)))

    def test_an_empty_file(self):
        daemon = self.damage(lambda path: os.truncate(path, 0))
        self.expect(daemon, list(range(1, 51)))

    def test_a_foreign_database(self):
        def replace(path: Path) -> None:
            path.unlink()
            subprocess.run(["sqlite3", str(path), "CREATE TABLE mine(x); INSERT INTO mine VALUES (1)"], check=True)
        daemon = self.damage(replace)
        self.expect(daemon, list(range(1, 51)))

    def test_a_file_of_a_newer_version_is_never_written(self):
        def newer(path: Path) -> None:
            subprocess.run(["sqlite3", str(path), "PRAGMA user_version = 9999"], check=True, capture_output=True)
        self.append(messages(1, 5))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, 6)))
        self.assertEqual(daemon.stop(), 0)
        paths = list(daemon.state.glob("*.db"))
        for path in paths:
            newer(path)
        before = {path: path.read_bytes() for path in paths}
        daemon.launch()
        ended = until("it ended or answers", lambda: daemon.process.poll() is not None or daemon.socket.exists(), 60)
        self.assertTrue(ended)
        if daemon.process.poll() is None:
            daemon.stop()
        daemon.process = None
        self.assertRegex(daemon.output(), "version|newer")
        for path, data in before.items():
            self.assertEqual(next(iter(daemon.state.rglob(path.name + "*"))).read_bytes()[:100], data[:100])

    @as_root
    def test_a_state_directory_that_cannot_be_written(self):
        state = self.work / "rastro.state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(state)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(state)], check=False)
        daemon = self.daemon()
        daemon.launch()
        self.assertNotEqual(daemon.process.wait(60), 0)
        daemon.process = None
        self.assertIn("rastro.state", daemon.output())


class CommandLine(DaemonTest):
    def test_exit_codes(self):
        self.append(message(1))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, [1])
        for arguments, code in ((["find", "--to", "juan@example.org"], 0), (["find", "--to", "nobody@example.org"], 1),
                                (["show", "000000001F"], 0), (["show", "0000000FFF"], 1), (["status"], 0),
                                (["find", "--outcome", "eaten"], 2), (["find", "--at", "teatime"], 2), (["find", "--colour", "red"], 2),
                                (["nonsense"], 2), (["show"], 2), (["--help"], 0), (["find", "--help"], 0), (["--version"], 0),
                                (["scan", str(self.log)], 0), (["scan", str(self.log), "--to", "nobody@example.org"], 1),
                                (["scan"], 2), (["scan", "/absent"], 3)):
            with self.subTest(" ".join(arguments)):
                done = daemon.cli(*arguments)
                self.assertEqual(done.returncode, code, done.stdout.decode() + done.stderr.decode())
        self.assertEqual(daemon.stop(), 0)
        for arguments in (["find", "--to", "juan@example.org"], ["show", "000000001F"], ["status"]):
            with self.subTest("without a daemon: " + " ".join(arguments)):
                done = daemon.cli(*arguments)
                self.assertEqual(done.returncode, 3, done)
                self.assertIn(str(daemon.socket), done.stderr.decode())

    def test_what_strangers_wrote_is_escaped(self):
        self.append(message(1, text="550 \x1b]0;owned\x07 \x1b[31mred \u202e".encode("utf-8").decode("utf-8"), status="bounced"))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, [1])
        for arguments in (["show", "000000001F", "--raw"], ["find", "--to", "juan@example.org"], ["status", "--lines"]):
            text = daemon.cli(*arguments).stdout
            for raw in (b"\x1b", b"\x07", "\u202e".encode()):
                self.assertNotIn(raw, text, arguments)

    def test_every_output_can_be_read_by_machines(self):
        self.append(BadInput.whole(self))
        daemon = self.daemon()
        daemon.start()
        self.expect(daemon, list(range(1, len(BAD_INPUT) + 2)))
        json.loads(daemon.cli("find", "--any", "*", "--output", "json").stdout)
        for line in daemon.cli("find", "--any", "*", "--output", "ndjson").stdout.splitlines():
            json.loads(line)
        json.loads(daemon.cli("status", "--lines", "--output", "json").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
