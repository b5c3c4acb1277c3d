"""Two processes of one group under load, that die and come back, and the judge beside them."""
import os
import re

from harness import conf, expect, wait_until
from harness.child import SOURCE as TREE
from ledger import PARTITIONS, Judge, Ledger, routes

COMMIT_MS = 150
SESSION_MS = 1000

NOBODY_SAW = "nobody saw the answers to the last unit: errors among them were not reported"
UNSEEN = re.compile(f'msg="{NOBODY_SAW}".* partition=(\\d+) from=(\\d+) to=(\\d+)')
SOURCE = (f'commit_interval = "{COMMIT_MS}ms"; instance_id = "NAME"; '
          f"librdkafka = {{ session_timeout_ms = {SESSION_MS}; heartbeat_interval_ms = 200; "
          "reconnect_backoff_max_ms = 500; };")


class Letters:
    """Where the dead letters go: a topic of the same Kafka, or a stream of a Redis of its own."""

    def __init__(self, run, kafka, stream):
        self.kafka, self.topic = kafka, f"{run.topic}.dlq"
        self.redis = run.redis(aof=True) if stream else None
        if not stream:
            kafka.create(self.topic, 1)

    def conf(self, text):
        """The configuration with its dead letters."""
        if not self.redis:
            dlq = f'dlq = {{ source = "main"; topic = "{self.topic}"; }};'
            return text.replace("routes = (", f"{dlq}\nroutes = (")
        sink = f'dead = {{ url = "{self.redis.url}"; }};'
        return text.replace("sinks = {", f'dlq = {{ sink = "dead"; stream = "dead"; }};'
                                         f"\nsinks = {{ {sink}")

    def read(self):
        """(facts, value) of each one."""
        if self.redis:
            entries = [fields for _, fields in self.redis.ask("XRANGE", "dead", "-", "+")]
            letters = [dict(zip(fields[::2], fields[1::2])) for fields in entries]
            return [({name.decode(): fact.decode() for name, fact in letter.items()},
                     letter[b"value"].decode()) for letter in letters]
        return [(dict(zip(record["headers"][::2], record["headers"][1::2])), record["payload"])
                for record in self.kafka.read(self.topic)]


class Herd:
    """Kafka, Redis, a steady load, and processes by name."""

    def __init__(self, run, delivery, per_second, poison=0.0, stream=False):
        """`poison` is the share of records that become dead letters; `stream`: of a Redis of their
        own, instead of a topic."""
        self.run, self.exact = run, delivery == "exactly_once"
        self.options = {"delivery": delivery} if self.exact else {}
        self.kafka, self.redis = run.kafka(), run.redis(aof=True)
        self.kafka.create(run.topic, PARTITIONS)
        self.ledger = Ledger(run.topic, run.random, poison)
        self.letters = Letters(run, self.kafka, stream) if poison else None
        if poison:
            self.options["on_error"] = "dlq"
        self.judge = Judge(self.ledger, self.redis, self.kafka, run.group)
        self.producer = run.producer(self.kafka)
        self.load = run.background(self.ledger.flow, self.producer, per_second)
        self.members = []
        self.hits = 0  # kills that left records in Redis which Kafka knew nothing of

    def conf(self, name):
        """The source has the process' name, by which CLIENT LIST tells whose a connection is."""
        text = conf(self.kafka, self.redis.url, self.run.group,
                    routes(self.run.topic, **self.options), source=SOURCE.replace("NAME", name))
        text = self.letters.conf(text) if self.letters else text
        return text.replace("main = {", f"{name} = {{").replace('"main"', f'"{name}"')

    def member(self, name, **options):
        self.members.append(self.run.penstock(self.conf(name), name, **options))
        return self.members[-1]

    def judge_kill(self, what, dead):
        """Called once all of `dead` are; what they had sent has reached Redis by then."""
        wait_until(lambda: not self._connected(dead), 10, "Redis has read what the dead have sent")
        self.judge_now(f"kill {what}: {', '.join(one.name for one in dead)}")

    def kill_redis(self, what, dead):
        """Redis dies in silence: what it had not read by then is gone. Those who live send it
        again, so what was committed is asked for before it comes back."""
        self.redis.kill()
        committed = self.judge.committed()
        self.redis.start()
        self._judge(f"kill {what}, with Redis: {', '.join(one.name for one in dead)}", committed)

    def judge_now(self, what):
        self._judge(what, self.judge.committed())

    def _judge(self, what, committed):
        if self.letters:
            self.judge.letters(self.letters.read, committed,
                               self.told_unseen() | self.judge.unsettled())
        ahead = (self.judge.exactly if self.exact else self.judge.at_least)(committed)
        self.hits += ahead > 0
        self.run.note(f"{what}; {ahead} records were not committed")

    def told_unseen(self):
        """(partition, offset) of what a log says was carried out with its answers lost."""
        with open(os.path.join(TREE, "docs/reference/messages.md"), encoding="utf-8") as page:
            expect(NOBODY_SAW in page.read(), "penstock says so in other words now")
        lines = "".join(one.log() for one in self.members)
        return {(int(number), offset) for number, first, last in UNSEEN.findall(lines)
                for offset in range(int(first), int(last) + 1)}

    def _connected(self, dead):
        names = self.redis.ask("CLIENT", "LIST").decode()
        return any(f"name=penstock:{one.name}:" in names for one in dead)

    def finish(self):
        """Heals, drains, judges; the number of records that came again."""
        self.ledger.end_flow()
        self.load.join()
        self.producer.close()
        self.run.note(f"{self.ledger.produced} records were produced")
        self.ledger.wait_committed(self.kafka, self.run.group, 60)
        repeats = (self.judge.exactly_at_end if self.exact else self.judge.at_end)()
        if self.letters:
            letters = self.judge.letters(self.letters.read, self.ledger.ends(),
                                         self.told_unseen())
            expect(letters > 0, "no record was poisoned")
            self.run.note(f"{letters} dead letters")
        self.run.note(f"{repeats} records came again, {sum(self.judge.may_repeat)} might have; "
                      f"{self.hits} kills left something uncommitted")
        return repeats
