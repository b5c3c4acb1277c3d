"""Family F: the host, its limits, its clock, and operators."""
import contextlib
import glob
import os
import re
import signal
import socket
import subprocess
import time

from harness.child import BUILD

from stage import RECONNECTS, Call, Cannot, Drop, Fault, Pause, row, wait_until
from stage import namespace


@row("F1", "1 2 8 10 12 13", seconds=40)
def the_log_is_full(scene):
    """The log's disk is full, then its folder is gone: it goes on working."""
    if not namespace.own_mounts():
        raise Cannot("needs a mount of its own (unshare -m)")
    place = os.path.join(scene.folder, "small")
    os.makedirs(place)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    scene.closing.append(lambda: subprocess.run(["umount", "-l", place], check=True))
    scene.start(members=0, top='log = { level = "debug"; };')
    scene.join("penstock-1", wrap=("sh", "-c", f'exec "$@" 2>{place}/log', "sh"))
    scene.load(1000)
    fill = os.path.join(place, "fill")

    def full():
        with contextlib.suppress(OSError), open(fill, "wb", buffering=0) as file:
            while file.write(b"x" * 512):
                pass

    with scene.fault(Call("the disk of the log is full", full, lambda: os.unlink(fill),
                          lambda: "it was full")):
        scene.run(2)
        for number in range(5):
            scene.redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")  # worth a line
            scene.run(0.4)
        free = os.statvfs(place).f_bavail
        scene.check("I13", free == 0, f"{free} blocks were free")
    scene.drain()
    scene.judge()


@row("F2", "2 8 9 13", seconds=40)
def no_more_files(scene):
    """Few file descriptors, and clients of the admin port that take them all: data flows on, also
    over connections that must be made anew."""
    scene.start(members=0)
    member = scene.join("penstock-1", wrap=("sh", "-c", 'ulimit -n 40; exec "$@"', "sh"))
    scene.load(500)
    scene.run(1)
    clients = []

    def take_them():
        for _ in range(100):
            with contextlib.suppress(OSError):
                clients.append(socket.create_connection(("127.0.0.1", member.port), 1))
        time.sleep(0.5)

    def give_back():
        for client in clients:
            client.close()

    with scene.fault(Call("100 clients of the admin port", take_them, give_back,
                          lambda: f"{len(clients)} connections were open")):
        files = member.child.open_files()
        before = scene.redis.arrived()
        scene.run(2)
        scene.check("I9", scene.redis.arrived() > before + 500, "data flows meanwhile")
        scene.redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        scene.run(3)
        before = scene.redis.arrived()
        scene.run(1)
        scene.check("I9", scene.redis.arrived() > before, "and after the connection was lost")
        share = member.child.cpu_seconds()
        scene.run(2)
        share = (member.child.cpu_seconds() - share) / 2
        scene.check("I9", share < 0.5, f"{share:.0%} of a core: it does not spin over accept()")
    scene.note(f"{files} files were open")
    scene.drain()
    scene.judge()


@row("F3", "1 2 8 13", seconds=60)
def a_small_memory_cgroup(scene):
    """A cgroup of 80 MB, and a backlog of 200 MB before a Redis that is slow, then fast: never
    killed."""
    limit = 80_000_000
    group = Cgroup(scene, limit)
    scene.start(members=0, proxy=True, size=10_000, keys=400)
    for _ in range(10):
        scene.send([scene.oracle.json_record() for _ in range(2000)])
    scene.producer.flush()
    scene.proxy.limit(200_000)
    member = scene.join("penstock-1", wait=False, wrap=(
        "sh", "-c", f'echo $$ >{group.path}/cgroup.procs; exec "$@"', "sh"))
    with scene.fault(Call("200 MB wait, and 80 MB may be used", lambda: None, lambda: None,
                          lambda: f"at most {group.most() >> 20} MiB were used"), live=None):
        scene.run(6)
        scene.proxy.limit(0)
        wait_until(lambda: scene.is_drained() or not member.child.running, 40, "drained", every=0.5)
    scene.check("I8", member.child.running, "it lives")
    scene.drain()
    scene.judge()


class Cgroup:
    """A memory cgroup, of version 1 or 2."""

    def __init__(self, scene, limit):
        first, second = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
        old = os.path.isdir(first)
        self.path = os.path.join(first if old else second, f"penstock-faults-{os.getpid()}")
        self.peak = os.path.join(self.path, "memory.max_usage_in_bytes" if old else "memory.peak")
        self.used = 0
        try:
            os.makedirs(self.path, exist_ok=True)
            name = "memory.limit_in_bytes" if old else "memory.max"
            with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
                file.write(str(limit))
        except OSError as lack:
            raise Cannot(f"needs a memory cgroup: {lack}") from lack
        scene.closing.append(self.remove)

    def most(self):
        with contextlib.suppress(OSError), open(self.peak, encoding="ascii") as file:
            self.used = int(file.read())
        return self.used

    def remove(self):
        for _ in range(50):
            with contextlib.suppress(OSError):
                os.rmdir(self.path)
                return
            time.sleep(0.1)


def wrong_clock(scene, offset):
    """Deadlines hold, TTLs and metrics stay sane, whatever the wall clock says."""
    member = start_by_another_clock(scene, {"FAKETIME": offset})
    with scene.fault(Drop(scene.redis.port), shows=RECONNECTS):
        scene.run(3)
        scene.unready()
    times_are_sane(scene, member)
    stamp = stamps(member.log())[0][:19]
    scene.check("I13", stamp[:4] != time.strftime("%Y"), f"its clock shows {stamp}")
    scene.drain()
    scene.judge()


def start_by_another_clock(scene, clock):
    """Penstock under load, its wall clock that of libfaketime; the other one is the machine's."""
    scene.start(members=0, ttl="1h")
    member = scene.join("penstock-1", wrap=("env", f"LD_PRELOAD={libraries()}"), env={
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC", **clock})
    scene.load(500)
    scene.run(1)
    return member


def times_are_sane(scene, member):
    times = [scene.redis.ask("TTL", key) for key in scene.redis.keys("last:*")]
    scene.check("I10", all(3000 < seconds <= 3600 for seconds in times), "TTLs are an hour")
    scrape = member.scrape()
    lags = scrape.values("penstock_kafka_consumer_lag_seconds")
    scene.check("I10", all(value >= 0 for value in lags), f"lag in seconds: {lags}")
    latency = scrape.total("penstock_end_to_end_latency_seconds_sum")
    scene.check("I10", latency >= 0, f"the sum of latencies is {latency:.0f} s")


def stamps(log):
    """The time of each line."""
    return re.findall(r"^ts=(\S+)", log, re.MULTILINE)


def libraries():
    """libfaketime, and what makes it see the waits of librdkafka's threads."""
    threads = os.path.join(BUILD, "tests/libposix_threads.so")
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found or not os.path.exists(threads):
        raise Cannot("needs libfaketime, and a build without sanitizers")
    return f"{threads}:{found[0]}"


@row("F8", "1 2 9 10 13", seconds=40)
def a_clock_ahead(scene):
    """Penstock's wall clock is a year ahead: deadlines hold, TTLs and metrics stay sane."""
    wrong_clock(scene, "+370d")


@row("F8behind", "1 2 9 10 13", seconds=40)
def a_clock_behind(scene):
    """Penstock's wall clock is a year behind: the same."""
    wrong_clock(scene, "-370d")


class Frozen(Fault):
    """The wall clock of a process stands still: libfaketime reads it in a file at each call."""

    name = "the wall clock stands still"

    def __init__(self, folder):
        self.path = os.path.join(folder, "clock")
        self.member, self.from_byte, self.until_byte, self.began = None, 0, None, 0.0
        self.show("+0")

    @property
    def environment(self):
        return {"FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1"}

    def show(self, clock):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(clock + "\n")
        os.replace(self.path + ".new", self.path)

    def begin(self):
        self.show(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()))
        self.from_byte, self.began = self.member.child.log_size(), time.monotonic()

    def heal(self):
        self.until_byte = self.member.child.log_size()
        self.show("+0")

    def evidence(self):
        """What it logged meanwhile, lines over seconds, bears one and the same time."""
        seen = stamps(self.member.child.log_text()[self.from_byte:self.until_byte])
        return f"{len(seen)} lines of {seen[0]}" if len(seen) > 1 == len(set(seen)) else ""


@row("F8frozen", "1 2 9 10 13", seconds=40)
def a_clock_that_stands_still(scene):
    """Penstock's wall clock stands still: records flow and are committed, deadlines go by the other
    clock, lines are logged, and TTLs and metrics stay sane."""
    clock = Frozen(scene.folder)
    clock.member = member = start_by_another_clock(scene, clock.environment)
    with scene.fault(clock):
        scene.run(0.5)
        before, written = sum(scene.committed().values()), scene.redis.arrived()
        scene.run(2)
        scene.check("I9", scene.redis.arrived() > written + 500, "records flow")
        scene.check("I9", sum(scene.committed().values()) > before + 500, "and are committed")
        with scene.fault(Drop(scene.redis.port), shows=RECONNECTS):
            scene.run(3)
            scene.unready()
        times_are_sane(scene, member)
    scene.drain()
    scene.judge()


@row("F9", "1 4 7 11 13", seconds=80, both=True)
def stops_of_every_kind(scene):
    """SIGTERM under load, with Redis away, with Kafka away, and twice: it ends in time, and has
    committed what it can."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    with scene.fault(Call("SIGTERM under load", lambda: stop(scene, 0, 5),
                          lambda: scene.penstock.start(wait=False))):
        scene.judge_loss("after SIGTERM under load")
    scene.run(1)
    with scene.fault(Drop(scene.redis.port), ahead=True, live=20):
        scene.run(1)
        stop(scene, 0, 9)
        scene.judge_loss("after SIGTERM with Redis away")
        scene.penstock.start(wait=False)
    scene.may_repeat += 512
    scene.run(1)
    with scene.fault(Drop(scene.kafka.second_port), ahead=True, live=20):
        scene.run(1)
        stop(scene, None, 15)
        scene.judge_loss("after SIGTERM with Kafka away")
        scene.penstock.start(wait=False)
    scene.run(1)
    with scene.fault(Pause(scene.redis, "Redis"), live=None):
        scene.run(1)
        scene.penstock.child.signal(signal.SIGTERM)
        scene.run(0.3)
        began = time.monotonic()
        scene.penstock.child.signal(signal.SIGTERM)
        status = scene.penstock.child.wait(5)
        took = time.monotonic() - began
    scene.check("I11", status is not None and took < 1.5,
                f"the second SIGTERM ended it after {took:.1f} s with {status}")
    scene.judge_loss("after the second SIGTERM")
    scene.may_repeat += 1024
    scene.penstock.start(wait=False)
    scene.drain(30)
    scene.judge()


def stop(scene, wanted, seconds):
    began = time.monotonic()
    status = scene.penstock.stop(seconds + 5)
    took = time.monotonic() - began
    good = took < seconds and (status == wanted if wanted is not None else status is not None)
    scene.check("I11", good, f"SIGTERM: status {status} after {took:.1f} s of {seconds}")


@row("F10", "1 2 8 13", seconds=40)
def no_terminal_no_folder(scene):
    """stdin, stdout and stderr closed, its folder gone, SIGPIPE as it comes: it runs."""
    scene.start(members=0)
    gone = os.path.join(scene.folder, "gone")
    os.makedirs(gone)
    member = scene.join("penstock-1", wrap=(
        "sh", "-c", f'cd {gone} && rmdir {gone} && exec "$@" <&- >&- 2>&-', "sh"))
    scene.load(500)
    scene.run(2)
    with scene.fault(Call("its connections are killed", lambda: scene.redis.ask(
            "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")), shows=RECONNECTS):
        member.child.signal(signal.SIGPIPE)
        scene.run(1)
    scene.check("I10", member.child.running, "it runs")
    scene.check("I13", member.log() == "", "nobody hears it")
    scene.drain()
    scene.judge()


@row("F10pipe", "1 2 8 13", seconds=40)
def a_log_that_nobody_reads(scene):
    """stderr is a pipe whose reader has gone: it goes on."""
    scene.start(members=0)
    member = scene.join("penstock-1", wrap=(
        "bash", "-c", 'exec "$@" 2> >(sleep 2; exec 0<&-)', "bash"), wait=False)
    scene.load(500)
    scene.run(4)
    with scene.fault(Call("its connections are killed", lambda: scene.redis.ask(
            "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")), shows=RECONNECTS):
        scene.run(1)
    scene.check("I10", member.child.running, "it runs")
    scene.drain()
    scene.judge()
