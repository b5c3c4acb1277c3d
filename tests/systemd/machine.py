"""A machine of its own: a Debian that systemd boots in a namespace, without a network."""
import os
import shutil
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BOOT_SECONDS = 60


class Failure(Exception):
    """What a test expected and did not find."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.1)


def control_groups(name):
    """Where a control group of this name lies below that of this process; systemd-nspawn copies the first into the others."""
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        own = {controllers: path for _, controllers, path in (line.strip().split(":", 2) for line in file)}
    roots = [("/sys/fs/cgroup/unified", ""), ("/sys/fs/cgroup/systemd", "name=systemd"), ("/sys/fs/cgroup", "")]
    return [os.path.join(root, own[controllers].lstrip("/"), name) for root, controllers in roots
            if controllers in own and os.path.exists(f"{root}/cgroup.procs")]


def remove_folders(path):
    for folder, _, _ in os.walk(path, topdown=False):
        os.rmdir(folder)


class Machine:
    """Its files are below `folder`."""

    def __init__(self, name, packages):
        self.folder = os.path.join(ROOT, "build", "roots", name)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.archive = subprocess.run([os.path.join(ROOT, "tests/systemd/root"), self.folder, *packages], check=True,
                                      stdout=subprocess.PIPE, text=True).stdout.strip()
        self.nspawn = self.leader = None
        self.groups = control_groups(f"machine-{os.getpid()}")  # its own: else two machines take each other's units for theirs

    def path(self, name):
        return os.path.join(self.folder, name.lstrip("/"))

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def boot(self):
        os.makedirs(self.groups[0])
        with open(f"{self.folder}.log", "w", encoding="utf-8") as log:
            self.nspawn = subprocess.Popen(
                ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.groups[0], "systemd-nspawn", "--quiet", "-D", self.folder,
                 "--boot", "--register=no", "--keep-unit", "--private-network"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._runs, BOOT_SECONDS, lambda: f"the machine boots: {self.folder}.log")

    def _runs(self):
        with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children", encoding="utf-8") as file:
            children = file.read().split()
        self.leader = children[0] if children else None
        return self.leader and self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def run(self, *words, stdin=None):
        """Runs a program in it."""
        return subprocess.run(["nsenter", "-t", self.leader, "-a", *words], input=stdin, capture_output=True, text=True,
                              check=False, timeout=120)

    def must(self, *words, stdin=None):
        done = self.run(*words, stdin=stdin)
        expect(done.returncode == 0, f"{' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def end(self):
        """Switches it off and removes it."""
        if self.nspawn:
            self.run("systemctl", "poweroff", "--force")
            try:
                self.nspawn.wait(20)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        for group in self.groups:
            remove_folders(group)
        shutil.rmtree(self.folder, ignore_errors=True)


def show(machine, unit, name):
    """A property of a unit."""
    return machine.must("systemctl", "show", "--value", "-p", name, unit).strip()


def run_tests(machine, tests, only):
    """Runs the tests in order on the one machine, a line for each."""
    passed = failed = 0
    for test in tests:
        if only and not any(part in test.__name__ for part in only):
            continue
        began = time.monotonic()
        try:
            test(machine)
            print(f"ok   {test.__name__} {time.monotonic() - began:.1f} s", flush=True)
            passed += 1
        except (Failure, subprocess.TimeoutExpired) as failure:
            print(f"FAIL {test.__name__} {time.monotonic() - began:.1f} s\n    {failure}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return bool(failed) or not passed
