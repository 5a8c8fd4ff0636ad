"""What the load runs share: a private rastrod, the log that it follows, and what the machine is."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

ROTATE_BYTES = 128 << 20
LAG_BYTES_MAX = 256 << 20
CHUNK_BYTES = 4 << 20
LINES_A_MESSAGE = 9.09  # of generate_day's Postfix log
TICKS = os.sysconf("SC_CLK_TCK")


class UnixConnection(HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask_bytes(path, what):
    connection = UnixConnection(path)
    try:
        connection.request("GET", what)
        return connection.getresponse().read()
    finally:
        connection.close()


def ask(path, what):
    return json.loads(ask_bytes(path, what))


class Daemon:
    def __init__(self, build, work):
        self.state, self.socket = work / "state", str(work / "socket")
        self.config = work / "rastro.yaml"
        self.program = build / "bin/rastrod"
        self.config.write_text(
            f"sources:\n  - path: {work}/mail.log\n    timezone: UTC\n"
            f"store:\n  state_directory: {self.state}\napi:\n  socket: {self.socket}\n  socket_group: \"\"\n",
            encoding="utf-8")
        self.process = None

    def start(self):
        """Returns the seconds until it answers."""
        began = time.monotonic()
        self.process = subprocess.Popen([self.program, "--config", self.config], stderr=subprocess.DEVNULL)
        while True:
            try:
                ask(self.socket, "/healthz")
                return time.monotonic() - began
            except (OSError, json.JSONDecodeError):
                if self.process.poll() is not None:
                    sys.exit("rastrod ended")
                time.sleep(0.01)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def cpu_seconds(self):
        """Of all threads, to the microsecond."""
        return sum(int(task.read_text(encoding="ascii").split()[0])
                   for task in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")) / 1e9

    def usage(self):
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        disk = Path(f"/proc/{self.process.pid}/io").read_text(encoding="ascii")
        return {
            "cpu": (int(stat[11]) + int(stat[12])) / TICKS,
            "rss": int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024,
            "rss_most": int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024,
            "written": int(re.search(r"write_bytes: (\d+)", disk)[1]),
            "kept": sum(file.stat().st_size for file in self.state.glob("*.db*")),
        }


class Ending:
    """Ends a program that is still running, so that nobody waits for it."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if sys.exc_info()[0] is not None:
            self.process.kill()


class Log:
    """Writes the log, rotates it, and deletes what was read."""

    def __init__(self, work, daemon):
        self.path, self.daemon = work / "mail.log", daemon
        self.file = open(self.path, "ab", buffering=0)  # pylint: disable=consider-using-with
        self.written = self.size = 0
        self.rotated = []  # (path, bytes written when it was complete)
        self.number = 0

    def read(self):
        return ask(self.daemon.socket, "/v1/status")["sources"]["bytes_read"]

    def write(self, block):
        self.file.write(block)
        self.written += len(block)
        self.size += len(block)
        if self.daemon.process is None:  # started when there is something to read, as on a server
            self.daemon.start()
        while self.written - self.read() > LAG_BYTES_MAX:
            time.sleep(0.2)
        read = self.read()
        while self.rotated and self.rotated[0][1] <= read:
            self.rotated.pop(0)[0].unlink()
        if self.size > ROTATE_BYTES and not self.rotated:
            self.file.close()
            old = self.path.with_name("mail.log.1")
            self.path.rename(old)
            self.rotated.append((old, self.written))
            self.file = open(self.path, "ab", buffering=0)  # pylint: disable=consider-using-with
            self.size = 0


def blocks(generator):
    """Whole lines of what `generator` prints, a few MB at a time."""
    rest = b""
    while block := generator.stdout.read(CHUNK_BYTES):
        block = rest + block
        cut = block.rfind(b"\n") + 1
        yield block[:cut]
        rest = block[cut:]
    yield rest


def percentile(seconds, share):
    """In milliseconds."""
    ordered = sorted(seconds) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return f"{model[1].strip() if model else 'unknown CPU'}, {os.cpu_count()} cores"
