"""The programs of an example: started in order, watched, ended in reverse order."""
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
END_SECONDS = 20
RESTART_SECONDS = 2  # long enough to be seen

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failure(Exception):
    """The example cannot go on; the text says why."""


def free_port():
    """A port of the loopback that nobody listens on, below those that outgoing connections take."""
    for _ in range(200):
        port = random.SystemRandom().randrange(10001, 20000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port found on 127.0.0.1")


def _end_with_parent():
    """Also when the example itself is killed, what it started must not stay."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One program. Its output goes to NAME.log; `restart`: it is started again whenever it ends."""

    def __init__(self, stage, name, argv, env=None, stdin=subprocess.DEVNULL, restart=False):
        self.name, self.argv, self.restart, self.stdin = name, argv, restart, stdin
        self.env = {**os.environ, **(env or {})}
        self.log_path = os.path.join(stage.folder, f"{name}.log")
        self.restart_at = None
        self.start()

    def start(self):
        self.restart_at = None
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.argv, stdin=self.stdin, stdout=log, stderr=log, env=self.env,
                                            start_new_session=True,  # Ctrl-C reaches the example, which ends them in order
                                            preexec_fn=_end_with_parent)

    @property
    def running(self):
        return self.process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self):
        if self.running:
            self.process.terminate()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Stage:
    """Everything that an example starts. Use it in a `with`: what was started ends there."""

    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix=f"penstock-{name}.")
        self.children = []

    def __enter__(self):
        for number in _SIGNALS:
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        return self

    def __exit__(self, *_):
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # once is enough
        for child in reversed(self.children):
            child.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, argv, **more):
        child = Child(self, name, argv, **more)
        self.children.append(child)
        return child

    def wait_for(self, child, seconds, what, condition):
        """Waits until `condition()` holds, by virtue of `child`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if not child.running:
                raise Failure(f"{child.name} ended by itself. The end of its log:\n{child.log()[-3000:]}")
            if time.monotonic() > deadline:
                raise Failure(f"no {what} within {seconds} s. The end of the log of {child.name}:\n{child.log()[-3000:]}")
            time.sleep(0.05)

    def watch(self, turn=lambda: None):
        """Until a signal comes: calls `turn()`, and starts again the children that shall be; the end of another one
        ends the example."""
        while True:
            for child in self.children:
                self._look_at(child)
            turn()
            time.sleep(0.1)

    def _look_at(self, child):
        if child.running:
            return
        status = child.process.returncode
        if not child.restart:
            raise Failure(f"{child.name} ended with status {status}. The end of its log:\n{child.log()[-3000:]}")
        if child.restart_at is None:
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            print(f"{child.name} {how}; it starts again in {RESTART_SECONDS} s", flush=True)
            child.restart_at = time.monotonic() + RESTART_SECONDS
        elif time.monotonic() >= child.restart_at:
            child.start()
            print(f"{child.name} runs again, process {child.process.pid}", flush=True)
