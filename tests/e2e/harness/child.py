"""Programs of a scenario: started, watched through /proc, ended by their id."""
import atexit
import ctypes
import os
import random
import signal
import socket
import subprocess

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.environ.get("PENSTOCK_BUILD", os.path.join(SOURCE, "build"))

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_live = []


def free_port():
    """A port that nobody listens on, below the ephemeral ones: a server that is down for a moment
    does not lose it to somebody's outgoing connection."""
    for _ in range(200):
        port = random.SystemRandom().randrange(10001, 20000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One program; what it says is appended to the file `log`."""

    def __init__(self, argv, log, stdin=subprocess.DEVNULL, stdout=None, env=None):
        self.log_path = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                argv, stdin=stdin, stdout=stdout or out, stderr=out, preexec_fn=_die_with_parent,
                env=None if env is None else {**os.environ, **env})
        self.pid = self.process.pid
        _live.append(self)

    @property
    def running(self):
        return self.process.poll() is None

    def log_text(self, start=0):
        with open(self.log_path, "rb") as file:
            file.seek(start)
            return file.read().decode("utf-8", "replace")

    def log_size(self):
        return os.path.getsize(self.log_path)

    def signal(self, number):
        if self.running:
            os.kill(self.pid, number)

    def wait(self, seconds):
        """Its exit status: negative for a signal, None where it still runs after `seconds`."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self, seconds):
        """SIGTERM, then SIGKILL where that did not help; its exit status, None where killed."""
        self.signal(signal.SIGTERM)
        status = self.wait(seconds)
        if status is None:
            self.kill()
        self.forget()
        return status

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.forget()

    def forget(self):
        if self in _live:
            _live.remove(self)

    def cpu_seconds(self):
        """User and system time so far, of all its threads."""
        with open(f"/proc/{self.pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def state(self):
        """The letter of its state: R, S, D, T (stopped) ..."""
        with open(f"/proc/{self.pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE

    def peak_bytes(self):
        """The most that was ever resident."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        return int(lines["VmHWM"].split()[0]) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


@atexit.register
def end_all():
    """Ends every program that still runs."""
    for child in reversed(_live[:]):
        child.kill()
