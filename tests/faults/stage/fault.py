"""What a fault is, and those that need no network: processes that die or stop, Redis' own moods.

A fault begins, heals, and says what shows that it really happened.
"""
import signal
import threading


class Fault:
    """Begins and heals; `evidence()` is a text, empty where nothing happened."""

    name = "nothing"

    def begin(self):
        pass

    def heal(self):
        pass

    def evidence(self):
        return "it did"


class Kill(Fault):
    """kill -9 of a server, and its start again on the same data."""

    def __init__(self, thing, name, start=True):
        self.thing, self.name, self.start, self.dead = thing, f"kill -9 {name}", start, False

    def begin(self):
        self.thing.kill()
        self.dead = not self.thing.child.running

    def heal(self):
        if self.start:
            self.thing.start()

    def evidence(self):
        return f"process {self.thing.child.pid} died" if self.dead else ""


class Pause(Fault):
    """SIGSTOP of a process, then SIGCONT."""

    def __init__(self, thing, name):
        self.thing, self.name, self.state = thing, f"SIGSTOP {name}", ""

    def begin(self):
        self.thing.child.signal(signal.SIGSTOP)

    def heal(self):
        self.state = self.thing.child.state()
        self.thing.child.signal(signal.SIGCONT)

    def evidence(self):
        return "it was in state T" if self.state == "T" else ""


class Ask(Fault):
    """Commands to Redis that begin and heal the fault; `happened` reads its trace from a server
    that has healed, a true value where there is one."""

    def __init__(self, redis, name, begin, heal=(), happened=None):
        self.redis, self.name, self.happened = redis, name, happened
        self.words, self.healing, self.text = begin, heal, ""

    def begin(self):
        for words in self.words:
            self.redis.ask(*words)

    def heal(self):
        for words in self.healing:
            self.redis.ask(*words)
        if self.happened:
            seen = self.happened()
            self.text = f"Redis counted {seen}" if seen else ""

    def evidence(self):
        return self.text if self.happened else "Redis said OK"


class Call(Fault):
    """Any two actions; `happened` says what shows that it was real."""

    def __init__(self, name, begin, heal=lambda: None, happened=lambda: "done"):
        self.name, self._begin, self._heal, self.happened = name, begin, heal, happened

    def begin(self):
        self._begin()

    def heal(self):
        self._heal()

    def evidence(self):
        return self.happened()


class Again(Fault):
    """Does something every `seconds` until it heals."""

    def __init__(self, name, seconds, work):
        self.name, self.seconds, self.work = name, seconds, work
        self.times, self.ended, self.thread = 0, threading.Event(), None

    def begin(self):
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ended.is_set():
            self.times += self.work() or 0
            self.ended.wait(self.seconds)

    def heal(self):
        self.ended.set()
        self.thread.join(10)

    def evidence(self):
        return f"{self.times} times" if self.times else ""
