"""penstock itself, as a user runs it: a file, a process, an admin port."""
import os
import signal
import time

from .child import BUILD, Child, free_port
from .check import wait_until
from .metrics import Scrape, Watch, fetch

PROGRAM = os.environ.get("PENSTOCK", os.path.join(BUILD, "penstock"))
READY_SECONDS = 60
STOP_SECONDS = 60


class Penstock:
    """One process that runs `conf`, the text of a file without its admin group."""

    def __init__(self, folder, conf, name="penstock", wait=True, program=PROGRAM, wrap=(),
                 env=None, admin=""):
        """`wrap`: the words of a program that runs it; `env`: further variables for it; `admin`: further settings of that group."""
        self.name, self.program, self.wrap, self.env, self.admin = name, program, wrap, env, admin
        self.port = free_port()
        self.conf_path = os.path.join(folder, f"{name}.conf")
        self.write(conf)
        self.log_path = os.path.join(folder, f"{name}.log")
        self.watch = self.child = None
        self.watches = []
        self.start(wait)

    def write(self, conf):
        with open(self.conf_path, "w", encoding="utf-8") as file:
            file.write(f'{conf}\nadmin = {{ listen = "127.0.0.1:{self.port}"; {self.admin} }};\n')

    def reload(self, conf, result="ok"):
        """Waits until the file is read; the workers have it a moment later."""
        before = self.scrape().total("penstock_reloads_total", result=result)
        self.write(conf)
        self.child.signal(signal.SIGHUP)
        wait_until(lambda: self.scrape().total("penstock_reloads_total", result=result) > before, 60,
                   f"a reload is {result}")

    def start(self, wait=True):
        self.child = Child([*self.wrap, self.program, "run", "-c", self.conf_path], self.log_path,
                           env=self.env)
        self.started = time.monotonic()
        self.watch = Watch(self)
        self.watches.append(self.watch)
        if wait:
            self.wait_ready()

    def page(self, path):
        """(status, text) of a page; (0, reason) where nobody answers."""
        try:
            return fetch(self.port, path)
        except OSError as failure:
            return 0, str(failure)

    def ready(self):
        return self.page("/readyz")[0] == 200

    def wait_ready(self, seconds=READY_SECONDS):
        deadline = time.monotonic() + seconds
        while not self.ready():
            if not self.child.running:
                raise RuntimeError(f"{self.name} ended:\n{self.child.log_text()[-4000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} is not ready after {seconds} s: "
                                   f"{self.page('/readyz?verbose')}")
            time.sleep(0.02)

    def scrape(self):
        return Scrape(fetch(self.port, "/metrics")[1])

    def written(self):
        """Records written so far in this life; 0 also where it does not answer yet."""
        try:
            return self.scrape().outcome("written")
        except OSError:
            return 0

    def wait_flowing(self, seconds=READY_SECONDS):
        """Waits until it has written a record in this life."""
        wait_until(lambda: self.written() > 0, seconds, f"{self.name} writes")

    def log(self):
        return self.child.log_text()

    def stop(self, seconds=STOP_SECONDS):
        """SIGTERM; its exit status, None where it had to be killed."""
        self.watch.once(60)
        status = self.child.terminate(seconds)
        self.watch.stop()
        return status

    def kill(self):
        self.child.kill()
        self.watch.stop()

    def broken_scrapes(self):
        """What any scrape of any of its lives found out of balance."""
        return [what for watch in self.watches for what in watch.broken]

    def scrapes(self):
        return sum(watch.scrapes for watch in self.watches)
