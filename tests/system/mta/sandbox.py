"""A private machine in namespaces: own mounts, network, processes, host name, users.

`enter()` starts the calling script again inside new namespaces and returns only there. From then on every process
that the script starts dies with it, every mount is invisible outside, and port 25 is free. `Sandbox` builds a root
directory in which the unpacked servers of fetch_mtas.sh stand at the paths they insist on.

Nothing on the host is written except below the work directory given.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
HOST_NAME = "mx1"
TIME_ZONE = "Europe/Madrid"  # not UTC, so that a reader who mixes the two up is found out

# name: (uid, gid, home, shell). The ids are our own; nothing leaves the sandbox.
USERS = {
    "root": (0, 0, "/root", "/bin/sh"),
    "www-data": (33, 33, "/var/www", "/bin/sh"),
    "postfix": (101, 101, "/var/spool/postfix", "/bin/false"),
    "Debian-exim": (103, 103, "/var/spool/exim4", "/bin/false"),
    "dovecot": (104, 104, "/usr/lib/dovecot", "/bin/false"),
    "dovenull": (105, 105, "/nonexistent", "/bin/false"),
    "ana": (1001, 1001, "/home/ana", "/bin/sh"),
    "juan": (1002, 1002, "/home/juan", "/bin/sh"),
    "maria": (1003, 1003, "/home/maria", "/bin/sh"),
    "vmail": (5000, 5000, "/var/vmail", "/bin/false"),
    "nobody": (65534, 65534, "/nonexistent", "/bin/false"),
}
GROUPS_ONLY = {"postdrop": 102, "mail": 8, "adm": 4, "nogroup": 65534}

# Addresses of our own on the loopback interface. Ours, the clients', the other sides'.
ADDRESSES = [
    "192.0.2.10/32",
    *(f"203.0.113.{n}/32" for n in (5, 20, 50, 51, 77, 99)),
    *(f"198.51.100.{n}/32" for n in (7, 8, 9, 20, 30, 40)),
    "2001:db8::25/128",
]
TIMEOUT_ADDRESS = "198.51.100.99"  # swallows SYNs: routed to the loopback, owned by nobody
UNREACHABLE_ADDRESS = "198.51.100.98"  # "No route to host"


def _namespace_options() -> list[str]:
    options = ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        # Mail servers change to users of their own, so one mapped id is not enough: needs /etc/subuid and newuidmap.
        options += ["--user", "--map-root-user", "--map-auto"]
    return options


def why_not() -> str | None:
    """The reason why namespaces cannot be had here, or None."""
    for tool in ("unshare", "ip", "chroot", "mount", "hostname"):
        if not shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed"
    probe = subprocess.run(
        ["unshare", *_namespace_options(), sys.executable, "-c", "print(open('/proc/self/uid_map').read())"],
        capture_output=True, text=True, timeout=30)
    if probe.returncode != 0:
        return "no namespaces for this user: " + " ".join(probe.stderr.split())
    if sum(int(line.split()[2]) for line in probe.stdout.splitlines() if line.strip()) < 6000:
        return "too few user ids in a user namespace (run as root, or give this user a range in /etc/subuid)"
    return None


def trees_dir() -> Path:
    """Where fetch_mtas.sh put the servers: RASTRO_MTAS, else build/mtas of the checkout."""
    default = Path(__file__).resolve().parents[3] / "build" / "mtas"
    return Path(os.environ.get("RASTRO_MTAS", default))


def enter() -> None:
    """Returns inside fresh namespaces, as their root and process 1; exits with SKIPPED and why if there are none."""
    if os.environ.get("RASTRO_MTA_SANDBOX") == "inside" and os.getpid() == 1:
        _set_up_network()
        return
    reason = why_not()
    if reason is None and not (trees_dir() / ".complete").exists():
        reason = f"no mail servers in {trees_dir()} (run tests/system/fetch_mtas.sh)"
    if reason is not None:
        print(f"SKIPPED: {reason}")
        sys.exit(SKIPPED)
    environment = {**os.environ, "RASTRO_MTA_SANDBOX": "inside"}
    sys.stdout.flush()
    os.execvpe("unshare", ["unshare", *_namespace_options(), sys.executable, *sys.argv], environment)


def _set_up_network() -> None:
    subprocess.run(["hostname", HOST_NAME], check=True)
    commands = ["link set lo up", *(f"addr add {address} dev lo" for address in ADDRESSES),
                f"route add {TIMEOUT_ADDRESS}/32 dev lo", f"route add unreachable {UNREACHABLE_ADDRESS}/32"]
    subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(commands) + "\n", text=True, check=True,
                   capture_output=True)


class Sandbox:
    """A root directory at `workdir`/root with the given trees of fetch_mtas.sh laid over the machine's /usr.

    /var/log of it is `workdir`/log and so outlives the namespace. Everything else is in memory. Call close().
    """

    def __init__(self, workdir: Path, trees: list[str]):
        self.workdir = workdir.resolve()
        self.root = self.workdir / "root"
        self.log_dir = self.workdir / "log"
        self._processes: list[subprocess.Popen] = []
        for directory in (self.root, self.log_dir):
            directory.mkdir(parents=True, exist_ok=True)
        self._mount(["-t", "tmpfs", "-o", "mode=755", "tmpfs"], self.root)
        try:
            self._build(trees)
        except BaseException:
            self.close()
            raise

    def _mount(self, what: list[str], where: Path) -> None:
        where.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *what, str(where)], check=True)

    def _build(self, trees: list[str]) -> None:
        root = self.root
        (root / ".upper").mkdir()
        (root / ".work").mkdir()
        lower = ":".join(str(trees_dir() / tree / "usr") for tree in trees) + ":/usr"
        self._mount(["-t", "overlay", "-o", f"lowerdir={lower},upperdir={root}/.upper,workdir={root}/.work",
                     "overlay"], root / "usr")
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / name).symlink_to(f"usr/{name}")
        for name in ("etc", "root", "home", "run", "var/lib", "var/spool", "var/mail", "var/www", "var/vmail"):
            (root / name).mkdir(parents=True)
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        (root / "var/run").symlink_to("/run")
        (root / "dev").mkdir()
        for name in ("null", "zero", "random", "urandom"):
            (root / "dev" / name).touch()
            self._mount_file(f"/dev/{name}", root / "dev" / name)
        self._mount(["-t", "proc", "proc"], root / "proc")
        self._mount(["--bind", str(self.log_dir)], root / "var/log")
        self._write_etc()
        for user, (uid, gid, home, _) in USERS.items():
            if home.startswith(("/home/", "/var/vmail")):
                (root / home[1:]).mkdir(exist_ok=True)
                os.chown(root / home[1:], uid, gid)
        os.chown(root / "var/mail", 0, GROUPS_ONLY["mail"])
        (root / "var/mail").chmod(0o3777)

    @staticmethod
    def _mount_file(source: str, where: Path) -> None:
        subprocess.run(["mount", "--bind", source, str(where)], check=True)

    def _write_etc(self) -> None:
        etc = self.root / "etc"
        self.write("/etc/passwd", "".join(
            f"{user}:x:{uid}:{gid}:{user}:{home}:{shell}\n" for user, (uid, gid, home, shell) in USERS.items()))
        groups = {user: gid for user, (_, gid, _, _) in USERS.items() if user != "nobody"} | GROUPS_ONLY
        self.write("/etc/group", "".join(f"{group}:x:{gid}:\n" for group, gid in groups.items()))
        self.write("/etc/shadow", "".join(f"{user}:*:19000:0:99999:7:::\n" for user in USERS))
        self.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n192.0.2.10 mail.example.org mail\n")
        self.write("/etc/hostname", HOST_NAME + "\n")
        self.write("/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
        self.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
                                         "services: files\nprotocols: files\n")
        for name in ("services", "protocols", "ssl", "alternatives", "perl", "ld.so.conf", "ld.so.conf.d"):
            if (source := Path("/etc") / name).is_dir():
                shutil.copytree(source, etc / name, symlinks=True, ignore=shutil.ignore_patterns("private"))
            elif source.exists():
                shutil.copy(source, etc / name)
        zone = Path("/usr/share/zoneinfo") / TIME_ZONE
        self.time_zone = TIME_ZONE if zone.exists() else "UTC"
        if zone.exists():
            (etc / "localtime").symlink_to(zone)
        self.write("/etc/timezone", self.time_zone + "\n")

    def path(self, inside: str) -> Path:
        """The outside name of a path inside."""
        return self.root / inside.lstrip("/")

    def write(self, inside: str, text: str, mode: int = 0o644, owner: str = "root") -> None:
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)
        os.chown(target, *USERS[owner][:2])

    def _command(self, args: list[str], user: str, cwd: str) -> list[str]:
        uid, gid, home, _ = USERS[user]
        return ["chroot", f"--userspec={uid}:{gid}", str(self.root), "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"HOME={home}", f"USER={user}", f"LOGNAME={user}", "LC_ALL=C.UTF-8",
                "sh", "-c", 'cd "$0" && exec "$@"', cwd, *args]

    def run(self, args: list[str], *, user: str = "root", cwd: str = "/", stdin: str | bytes = b"", check: bool = True,
            timeout: float = 30) -> subprocess.CompletedProcess:
        """Runs a command inside to its end."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(self._command(args, user, cwd), input=data, capture_output=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"{args}: exit {done.returncode}: {(done.stderr + done.stdout).decode(errors='replace')}")
        return done

    def start(self, args: list[str], *, user: str = "root", output: str = "daemons.out") -> subprocess.Popen:
        """Starts a daemon that stays in the foreground; close() ends it. Its output goes to `workdir`/`output`."""
        with open(self.workdir / output, "ab") as out:
            process = subprocess.Popen(self._command(args, user, "/"), stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, start_new_session=True)
        self._processes.append(process)
        return process

    def close(self) -> None:
        """Ends what start() started, last first, and takes the root directory away."""
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        self._kill_leftovers()
        # Lazily, because a killed process may still be on its way out.
        subprocess.run(["umount", "--lazy", "--recursive", str(self.root)], check=False, capture_output=True)

    def _kill_leftovers(self) -> None:
        """Postfix's daemons outlive their master for a while, and would answer on the next one's ports."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if os.readlink(entry / "root") == str(self.root):
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                pass  # it went by itself
        # We are process 1 here: orphans are ours to bury. Children that start() made were waited for above.
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
