"""The programs under test: a rastrod with a private directory, and what it answers.

    with Rastrod(workdir, [log_path]) as daemon:
        daemon.wait_read()
        daemon.find(recipient="juan@example.org")      # over HTTP
        daemon.cli("find", "--to", "juan@example.org")  # through rastro

RASTRO_BIN is the directory of the programs; ctest sets it to that of its own build.
"""

import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlencode

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
START_SECONDS_MAX = 60  # sanitizers on a busy machine
CHECKOUT = Path(__file__).resolve().parents[2]


def bin_dir() -> Path:
    return Path(os.environ.get("RASTRO_BIN", CHECKOUT / "build/release/bin"))


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def until(what: str, condition, seconds: float = 60, interval: float = 0.02):
    """What `condition` returns as soon as that is true; raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        if got := condition():
            return got
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(interval)


def run_rastro(*args: str, stdin: bytes = b"", env: dict[str, str] | None = None, timeout: float = 300):
    return subprocess.run([str(bin_dir() / "rastro"), *args], input=stdin, capture_output=True, timeout=timeout,
                          env={**os.environ, **(env or {})})


def scan(logs, *args: str, timezone: str = "UTC") -> list[dict]:
    """The journeys of `rastro scan` over these files: the index as it is without a daemon."""
    done = run_rastro("scan", "--export", "-", "--tz", timezone, *args, *map(str, logs))
    if done.returncode != 0:
        raise RuntimeError(f"scan: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Rastrod:
    """`sources`: paths, or mappings as in rastro.yaml. `settings`: sections of rastro.yaml that replace ours."""

    def __init__(self, workdir: Path, sources: list, *, name: str = "rastro", timezone: str = "UTC", **settings):
        self.workdir = Path(workdir)
        self.state = self.workdir / f"{name}.state"
        self.socket = self.workdir / f"{name}.sock"
        self.config_path = self.workdir / f"{name}.yaml"
        self.output_path = self.workdir / f"{name}.out"
        self.timezone = timezone
        self.process: subprocess.Popen | None = None
        self.settings = settings
        self.workdir.mkdir(parents=True, exist_ok=True)
        self.configure(sources)

    def configure(self, sources: list, **settings) -> None:
        """Writes the configuration; a running daemon knows of it after SIGHUP."""
        config = {
            "sources": [source if isinstance(source, dict) else {"path": str(source), "timezone": self.timezone}
                        for source in sources],
            "store": {"state_directory": str(self.state), "ballast": 0},
            "api": {"socket": str(self.socket), "socket_group": "", "response_rows_max": 100_000},
        }
        for section, values in {**self.settings, **settings}.items():
            config[section] = {**config[section], **values} if isinstance(values, dict) and section in config else values
        self.config_path.write_text(json.dumps(config, indent=1) + "\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def launch(self, *, prefix: list[str] = ()) -> None:
        """Starts the process and does not wait for it."""
        with open(self.output_path, "ab") as out:
            self.process = subprocess.Popen([*prefix, str(bin_dir() / "rastrod"), "--config", str(self.config_path)],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def start(self, **options) -> float:
        """Returns when it answers; how many seconds that took."""
        began = time.monotonic()
        self.launch(**options)
        until("rastrod answers", self._answers_or_died, START_SECONDS_MAX)
        return time.monotonic() - began

    def _answers_or_died(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"rastrod ended with {self.process.returncode}: {self.output()}")
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def stop(self) -> int:
        """Asks it to end; its exit code. A sanitizer's report makes that code non-zero."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        process, self.process = self.process, None
        try:
            return process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError("rastrod did not end within 60 s of SIGTERM") from None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process = None

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def output(self) -> str:
        return self.output_path.read_text(errors="replace") if self.output_path.exists() else ""

    def get(self, target: str, timeout: float = 60, headers: dict[str, str] | None = None,
            post: bytes | None = None) -> tuple[int, dict]:
        """Sends `post`, if there is one."""
        connection = _UnixConnection(str(self.socket), timeout)
        try:
            connection.request("GET" if post is None else "POST", target, body=post, headers=headers or {})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def answer(self, **parameters) -> dict:
        """What /v1/journeys says."""
        status, answer = self.get("/v1/journeys?" + urlencode({name: value for name, value in parameters.items() if value is not None}))
        if status != 200:
            raise RuntimeError(f"{status}: {answer}")
        return answer

    def find(self, **parameters) -> list[dict]:
        """The journeys of /v1/journeys."""
        return [item["journey"] for item in self.answer(**parameters)["items"]]

    def show(self, name: str, raw: bool = False) -> dict | None:
        """The journey that is called so, by id, queue id or Message-ID."""
        status, answer = self.get(f"/v1/journeys/{quote(name, safe='')}" + ("?raw=1" if raw else ""))
        if status not in (200, 404):
            raise RuntimeError(f"{status}: {answer}")
        return answer if status == 200 else None

    def everything(self) -> list[dict]:
        """In pages: on a slow machine an answer of thousands is cut by its time limit."""
        journeys, cursor = [], None
        while True:
            answer = self.answer(since="1970-01-02T00:00:00Z", limit=500, cursor=cursor)
            journeys += [item["journey"] for item in answer["items"]]
            if answer["cut_by"] == "time" and not answer["items"]:
                raise RuntimeError(f"cut by time after {len(journeys)} journeys")
            cursor = answer["cursor"]
            if cursor is None:
                return journeys

    def status(self) -> dict:
        return self.get("/v1/status?lines=1")[1]

    def wait_read(self, seconds: float = 120) -> None:
        """Until what the files hold by now is in the index.

        The state that it tells is that of its last turn, so a turn that began after this call is waited for."""
        first = self.status()["at"]
        until("a new status", lambda: self.status()["at"] != first, seconds, 0.05)
        second = self.status()["at"]
        until("rastrod caught up", lambda: (status := self.status())["at"] != second and status["read_to_end"], seconds, 0.05)

    def cli(self, *args: str, **options) -> subprocess.CompletedProcess:
        return run_rastro(*args, env={"RASTRO_SOCKET": str(self.socket)}, **options)

    def cli_journeys(self, *args: str) -> list[dict]:
        done = self.cli("find", *args, "--output", "ndjson")
        if done.returncode not in (0, 1):
            raise RuntimeError(f"rastro find: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
        return [json.loads(line) for line in done.stdout.splitlines()]
