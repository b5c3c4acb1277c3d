#!/usr/bin/env python3
"""What a service manager hears (sd_notify(3)): ready, watchdog, status, stop. scripts/test systemd has a real systemd."""
import ctypes
import os
import signal
import socket
import time

from harness import Failure, Record, conf, expect, expect_equal, main, route, wait_until
from harness.log import frame

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
HUNG_SECONDS = 10  # after so long a silent worker is not live
WATCHDOG_SECONDS = 1


class Manager:
    """A socket that listens as systemd does."""

    def __init__(self, watchdog=WATCHDOG_SECONDS):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("")  # Linux chooses a name, which is no path: those of a run may be too long
        self.socket.setblocking(False)
        self.env = {"NOTIFY_SOCKET": "@" + self.socket.getsockname()[1:].decode(), "WATCHDOG_USEC": str(int(watchdog * 1e6))}
        self.heard = []

    def listen(self):
        """All messages so far."""
        try:
            while True:
                self.heard.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return self.heard

    def forget(self):
        self.listen()
        self.heard = []

    def has(self, start):
        return any(message.startswith(start) for message in self.listen())

    def wait(self, start, seconds=20):
        wait_until(lambda: self.has(start), seconds, f"{start}: {self.heard[-3:]}")


def _conf(run, kafka, redis, **more):
    return conf(kafka, redis.url, run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"])], **more)


def ready_is_said_when_the_group_is_joined(run):
    """Not while Kafka is away, for which the start gets more time; Redis may be away."""
    kafka, redis, manager = run.kafka(shared=False), run.redis(), Manager()
    kafka.create(run.topic, 2)
    text = _conf(run, kafka, redis)
    kafka.stop()
    redis.stop()
    penstock = run.penstock(text, wait=False, env=manager.env)
    wait_until(lambda: "started, but not ready yet" in penstock.log(), 60, "the log says that it is not ready")
    expect(not manager.has("READY=1"), f"not ready without Kafka: {manager.heard}")
    expect(manager.has("EXTEND_TIMEOUT_USEC="), f"more time: {manager.heard}")
    expect(manager.has("STATUS=0 partitions") and any("kafka: " in text for text in manager.heard), f"{manager.heard}")
    kafka.start()
    manager.wait("READY=1", 60)
    manager.wait("STATUS=2 partitions")
    expect_equal(sum(message == "READY=1" for message in manager.heard), 1, "said once")


def ready_waits_for_the_end_of_the_start_if_told_to(run):
    """startup_notify: not while a partition is held before its end, which STATUS says; then it is warm."""
    kafka, redis, manager = run.kafka(), run.redis(), Manager()
    kafka.create(run.topic, 2)
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(Record(n % 2, b"k%d" % n, b"%d" % n)) for n in range(100)))
    producer.close()
    redis.ask("RPUSH", "k:k51", "no string")
    text = conf(kafka, redis.url, run.group, [route("r", run.topic, ["APPEND k:%{$key} %{$value}"], format="raw")])
    options = {"env": manager.env, "admin": 'startup = "warm"; startup_notify = true;'}
    penstock = run.penstock(text, wait=False, **options)
    wait_until(lambda: any(word.startswith("STATUS=warming: ") and "1 of 2 partitions not warm" in word
                           and "2 partitions, 1 held" in word for word in manager.listen()),
               60, lambda: f"how far it is: {manager.heard}")
    expect(not manager.has("READY=1"), f"not ready while it is not warm: {manager.heard}")
    expect_equal(penstock.stop(), 0, "exit status")
    redis.ask("DEL", "k:k51")
    manager.forget()
    run.penstock(text, name="again", **options)
    manager.wait("READY=1")
    manager.wait("STATUS=2 partitions, 0 held")


def _thread(process, name):
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/comm", encoding="utf-8") as file:
            if file.read().strip() == name:
                return int(thread)
    raise Failure(f"no thread is {name}")


def _stop_thread(thread):
    """One thread stands still, as if in an endless loop or a lock; the others go on."""
    libc = ctypes.CDLL(None, use_errno=True)
    expect(libc.ptrace(PTRACE_ATTACH, thread, None, None) == 0, f"ptrace: {os.strerror(ctypes.get_errno())}")
    os.waitpid(thread, 0x40000000)  # __WALL
    return lambda: libc.ptrace(PTRACE_DETACH, thread, None, None)


def the_watchdog_hears_nothing_of_a_worker_that_hangs(run):
    """One of two workers stands still; the main thread, which feeds the watchdog, does not."""
    kafka, redis, manager = run.kafka(), run.redis(), Manager()
    kafka.create(run.topic, 2)
    penstock = run.penstock(_conf(run, kafka, redis, source="workers = 2;"), env=manager.env)
    manager.wait("WATCHDOG=1")
    resume = _stop_thread(_thread(penstock.child.pid, "worker 1"))
    try:
        # It listens all the while: the socket holds ten messages, and more of them wait in penstock.
        wait_until(lambda: manager.listen() and penstock.page("/livez")[0] == 503, HUNG_SECONDS + 60,
                   "the admin port says that it hangs")
        time.sleep(WATCHDOG_SECONDS)
        manager.forget()
        time.sleep(3 * WATCHDOG_SECONDS)
        expect(not manager.has("WATCHDOG=1"), f"heard though a worker hangs: {manager.heard}")
    finally:
        resume()
    manager.wait("WATCHDOG=1")


def a_reload_is_said_to_begin_and_to_end(run):
    """RELOADING=1 before the file is read, READY=1 when the workers have it, or when it is refused; not before the start is over."""
    kafka, redis, manager = run.kafka(shared=False), run.redis(), Manager()
    kafka.create(run.topic, 1)
    text = _conf(run, kafka, redis)
    kafka.stop()
    penstock = run.penstock(text, wait=False, env=manager.env)
    wait_until(lambda: "penstock starts" in penstock.log(), 20, "it starts")
    penstock.child.signal(signal.SIGHUP)
    wait_until(lambda: "configuration is in use" in penstock.log(), 20, "it has read the configuration again")
    expect(not manager.has("READY=1"), f"not ready without Kafka: {manager.heard}")
    kafka.start()
    manager.wait("READY=1", 60)
    for mistake, event in (("", "configuration is in use"), ("\ncolour = 1;", "configuration not accepted")):
        manager.forget()
        with open(penstock.conf_path, "a", encoding="utf-8") as file:
            file.write(mistake)
        penstock.child.signal(signal.SIGHUP)
        manager.wait("READY=1")
        said = [word.split("=1")[0] for word in manager.heard if word.startswith(("RELOADING=1\nMONOTONIC_USEC=", "READY=1"))]
        expect_equal(said, ["RELOADING", "READY"], f"{event}: {manager.heard}")


def a_stop_says_how_long_it_may_take(run):
    """With work in flight: STOPPING and more time than drain_timeout, then what it waits for."""
    kafka, redis, manager = run.kafka(), run.redis(), Manager()
    kafka.create(run.topic, 1)
    penstock = run.penstock(_conf(run, kafka, redis, source='drain_timeout = "4s";'), env=manager.env)
    manager.wait("READY=1")
    redis.hang()
    producer = run.producer(kafka)
    producer.send(run.topic, frame(Record(0, b"k", b"v")))
    producer.close()
    wait_until(lambda: penstock.scrape().total("penstock_inflight_records") > 0, 60, "a record is in flight")
    expect_equal(penstock.stop(), 0, "exit status")
    redis.resume()
    stopping = [text for text in manager.listen() if text.startswith("STOPPING=1\nEXTEND_TIMEOUT_USEC=")]
    expect(len(stopping) == 1 and 4e6 < int(stopping[0].rsplit("=", 1)[1]) < 8e6, f"{stopping}")
    expect(manager.has("STATUS=stopping: 1 partitions, 0 held, 0 records written, 1 in flight"), f"{manager.heard}")


if __name__ == "__main__":
    main(ready_is_said_when_the_group_is_joined, ready_waits_for_the_end_of_the_start_if_told_to,
         the_watchdog_hears_nothing_of_a_worker_that_hangs,
         a_reload_is_said_to_begin_and_to_end, a_stop_says_how_long_it_may_take)
