"""The scene of one row, and the small vocabulary in which rows are written:

    scene.start()               a topic, a Redis, members of penstock that trace what they are given
    scene.load(per_second)      records at a steady rate, drawn from the seed, until drain()
    scene.run(seconds)          lets time pass
    with scene.fault(fault):    begins a fault; its end heals it, and waits for a fresh record (I9)
    scene.kill(member)          kill -9, judged at once (I1)
    scene.drain(seconds)        ends the load; all must arrive and be committed in this time (I2)
    scene.judge()               stops the members and says every invariant's verdict

check() is a verdict of the row's own (verdicts.py), judge() in trial.py. Whatever a row starts ends
with it.
"""
import contextlib
import os
import random
import shutil
import time

from harness import Failure, Penstock, conf, route, wait_until
from harness.child import BUILD
from harness.proxy import Proxy
from harness.scenario import Background

from .mock import Mock
from .oracle import TRACE, Oracle
from .row import Void
from .samples import Ahead, Commits, Sampler
from .target import TargetRedis
from .trial import RECONNECTS, WINDOW, Trial

KAFKA_ERRORS = ("penstock_kafka_errors_total",)
FAILED_COMMITS = ("penstock_kafka_commits_total", "result", "failed")
REBALANCES = ("penstock_kafka_rebalances_total",)

COMMIT_SECONDS = 0.2
LIVE_SECONDS = 10  # within which a fresh record passes after a heal
BUSY_CPU = 0.10    # of a core, while there is nothing to do

SOURCE = (f'commit_interval = "{COMMIT_SECONDS * 1000:.0f}ms"; drain_timeout = "5s"; '
          "librdkafka = {{ session_timeout_ms = {session}; heartbeat_interval_ms = {heartbeat}; "
          "reconnect_backoff_max_ms = 1000; {more} }};")
SINK = 'window_commands = %d; response_timeout = "{response}"; connect_timeout = "1s";' % WINDOW


class Brokers:
    """Where penstock finds Kafka, as conf() asks for it."""

    def __init__(self, address):
        self.brokers = address


def ahead_of(committed, target):
    """How many records are in Redis beyond what is committed."""
    return sum(len({offset for offset in target.offsets(partition) if offset >= end})
               for partition, end in committed.items())


class Scene(Trial):
    """One row while it runs."""

    def __init__(self, row, kafka, seed):
        super().__init__(row)
        self.kafka, self.seed = kafka, seed
        self.random = random.Random(f"{row.name}/{seed}")
        self.folder = os.path.join(BUILD, "faults", row.name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.topic = f"faults.{row.name}.{os.getpid()}"
        self.group = f"group.{self.topic}"
        self.made, self.closing = [], []
        self.producer = self.loading = self.proxy = None

    # --- start -----------------------------------------------------------------------------------

    def start(self, partitions=4, keys=100, redis=(), aof=False, members=1, commands=None,
              proxy=False, session=6000, mock=0, response="2s", source="", sink="", properties="",
              on_error="stop",
              size=300, topic_config=None, wait=True, watch=True, producer=(), format="json",
              top="", extra="", **route_options):
        """The servers, the topic and the members; see the head of this file."""
        if mock:
            self.kafka = self.keep(Mock(self.folder, mock))
        self.redis = self.keep(TargetRedis(self.folder, *redis, aof=aof))
        if proxy:
            self.proxy = (Proxy if proxy is True else proxy)(self.redis.port)
            self.closing.append(self.proxy.close)
        self.make_topic(partitions, topic_config or {})
        self.oracle = Oracle(self.topic, partitions, keys, self.random, self.folder, size)
        self.producer = self.oracle.producer(self.kafka, self.folder, *producer)
        self.secrets.append(self.oracle.mark)
        url = f"redis://127.0.0.1:{self.proxy.port}" if proxy else self.redis.url
        self.text = conf(
            Brokers(self.kafka.brokers if mock else f"127.0.0.1:{self.kafka.second_port}"), url,
            self.group,
            [route("trace", self.topic, commands or TRACE, format=format, all=True,
                   delivery=self.row.delivery, on_error=on_error, **route_options)], top=top,
            source=SOURCE.format(session=session, heartbeat=session // 6, more=properties) + source,
            sink=SINK.format(response=response) + sink)
        if extra:  # more settings of the route, as text
            self.text = self.text.replace("    all = true;", f"    all = true; {extra}")
        self.sampler = Sampler(self.members)
        self.closing.append(self.sampler.stop)
        for number in range(members):
            self.join(f"penstock-{number + 1}", wait=wait)
        if watch:
            self.commits = Commits(self.kafka.brokers, self.group, self.topic, self.folder)
            self.closing.append(self.commits.stop)

    def make_topic(self, partitions, config):
        self.kafka.create(self.topic, partitions, **config)

    def grow(self, partitions):
        """More partitions; the load goes on with the ones that were there."""
        self.kafka.admin("grow", self.topic, partitions)
        self.oracle.grow(partitions)

    def keep(self, thing):
        self.made.append(thing)
        return thing

    def join(self, name, text=None, wait=True, **how):
        """One more member of the group."""
        self.note(f"start {name}")
        member = self.keep(Penstock(self.folder, text or self.text, name, wait, **how))
        self.members.append(member)
        return member

    def retire(self, member):
        """It has ended as it should: neither stopped nor counted at the end."""
        self.members.remove(member)
        self.retired = True

    @property
    def penstock(self):
        return self.members[0]

    # --- load ------------------------------------------------------------------------------------

    def load(self, per_second):
        self.note(f"load: {per_second} records/s")
        self.loading = Background(lambda: self.oracle.flow(self.producer, per_second))

    def send(self, records):
        """Records of the row's own, beside the load."""
        self.oracle.send_records(self.producer, records)

    def say(self, letters):
        """A word to the producer: B, C, A of transactions, F to wait until all is acknowledged."""
        for letter in letters:
            if letter == "F":
                self.producer.flush()
            else:
                self.producer.pipe.write(letter.encode())
                self.producer.pipe.flush()

    def run(self, seconds):
        time.sleep(seconds)

    def end_load(self):
        if self.loading:
            self.oracle.end_flow()
            self.loading.join()
            self.loading = None
        self.producer.flush()
        self.note(f"{self.oracle.produced} records are in Kafka")

    def drain(self, seconds=20):
        self.end_load()
        began = time.monotonic()
        with contextlib.suppress(Failure):  # the judge says what is missing
            wait_until(self.is_drained, seconds, "everything is committed", every=0.1)
        self.drain_seconds = time.monotonic() - began
        self.note(f"drained in {self.drain_seconds:.1f} s")

    # --- faults ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def fault(self, fault, shows=None, ahead=False, live=LIVE_SECONDS, must=True):
        """`shows`: what penstock must have counted by the end, or the row is void. `ahead`:
        partitions may be lost, so that what is written and not committed comes again. `live`:
        seconds in which a fresh record must pass after it; None where none can. `must`: it must be
        real."""
        before = self.metric(*shows) if shows else 0
        watch = Ahead(self.redis, self.commits) if ahead else None
        self.note(f"fault: {fault.name}")
        self.closing.append(fault.heal)
        fault.begin()
        yield fault
        self.closing.remove(fault.heal)
        fault.heal()
        self.note(f"healed: {fault.name}: {fault.evidence() or 'nothing happened'}")
        if must and not fault.evidence():
            raise Void(f"{fault.name}: it did not happen")
        if live is not None:
            self.passes(live)
        if watch:
            self.may_repeat += watch.stop() + WINDOW
        text = fault.name + ": " + fault.evidence()
        if shows:
            rise = self.metric(*shows) - before
            if rise <= 0:
                raise Void(f"{fault.name}: {shows[0]} did not rise")
            text += f"; {shows[0]} rose by {rise:.0f}"
        self.verdict("I13", [], text)

    def passes(self, seconds):
        """I9: a fresh record arrives."""
        began, before = time.monotonic(), max(0, self.redis.arrived())
        if not self.loading:
            self.probe()
        try:
            wait_until(lambda: self.redis.arrived() > before, seconds, "a fresh record passes")
            text = f"a record passed {time.monotonic() - began:.1f} s after the heal"
            self.note(text)
            self.verdict("I9", [], text)
        except Failure as failure:
            self.verdict("I9", [str(failure)], "")

    def probe(self):
        """One fresh record of each partition."""
        self.send([self.oracle.record_of(number)
                   for number in range(min(self.oracle.count, self.oracle.keys))])
        self.producer.flush()

    def idle(self, seconds=2):
        """I9: no busy loop; penstock has nothing to do now."""
        for member in self.members:
            before = member.child.cpu_seconds()
            time.sleep(seconds)
            share = (member.child.cpu_seconds() - before) / seconds
            self.check("I9", share < BUSY_CPU, f"{share:.1%} of a core while it can do nothing")

    def unready(self, word="", seconds=20):
        """I10: /readyz says that it is not well, and why."""
        try:
            wait_until(lambda: self.penstock.page("/readyz?verbose")[0] == 503
                       and word in self.penstock.page("/readyz?verbose")[1], seconds,
                       lambda: f"/readyz says 503 and '{word}': "
                               f"{self.penstock.page('/readyz?verbose')}")
            self.verdict("I10", [], f"/readyz was 503, '{word}'")
        except Failure as failure:
            self.verdict("I10", [str(failure)], "")

    def kill(self, member, restart=True):
        """kill -9 of penstock; I1 is judged at once."""
        self.metric(*RECONNECTS)
        self.note(f"kill -9 {member.name}")
        member.kill()
        committed, promised, target = self.committed(), self.promised(), self.redis.read()
        self.judge_loss("at a kill", promised, target)
        self.may_repeat += ahead_of(committed, target) + WINDOW
        if restart:
            member.start(wait=False)
        self.verdict("I13", [], f"{member.name} was killed")

    # --- the end ---------------------------------------------------------------------------------

    def end(self):
        if self.oracle:
            self.oracle.end_flow()
        for close in reversed(self.closing):
            with contextlib.suppress(Exception):
                close()
        for thing in reversed(self.made):
            with contextlib.suppress(Exception):
                if not isinstance(thing, Penstock):
                    thing.stop()
                elif thing.child.running:
                    thing.kill()
        if self.producer and self.producer.child.running:
            self.producer.child.kill()
