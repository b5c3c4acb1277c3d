"""How one row is judged: what its servers and its members of penstock tell is looked up, and
handed to judge.py, which only knows data."""
import contextlib
import json
import os
import subprocess
import time

from harness.penstock import PROGRAM

from . import judge
from .verdicts import Verdicts

RECONNECTS = ("penstock_redis_reconnects_total",)

WINDOW = 512              # commands in flight on a connection
STOP_SECONDS = 10
MEMORY_BYTES = (48 + 24) << 20
SANITIZED = "san" in os.path.basename(os.path.dirname(PROGRAM))  # it takes far more memory
FILES_GROWTH = 8          # a reconnect in progress, a scrape


class Trial(Verdicts):
    """The verdicts on one row that the servers give; who starts these fills in the first lines."""

    def __init__(self, row):
        super().__init__(row)
        self.kafka = self.redis = self.oracle = self.sampler = self.commits = None
        self.topic = self.group = ""
        self.members, self.drain_seconds = [], 0.0
        self.may_repeat, self.one_owner, self.once = 0, True, row.delivery == "exactly_once"
        # What becomes of a record: "written", "dropped", "dead_lettered", or it "never" arrives.
        self.fate = lambda partition, offset, record: "written"
        self.secrets, self.counted, self.retired = [], {}, False
        self.counts_once = True  # no record is counted twice where it is not there twice

    # --- what there is ---------------------------------------------------------------------------

    @property
    def exactly(self):
        return self.row.delivery == "exactly_once"

    def expected(self, fate="written"):
        """Of what the oracle knows to be acknowledged, what has this fate."""
        return {partition: {offset: record for offset, record in records.items()
                            if self.fate(partition, offset, record) == fate}
                for partition, records in self.oracle.acknowledged().items()}

    def count(self, fate):
        return sum(map(len, self.expected(fate).values()))

    def committed(self):
        """{partition: committed offset}; a coordinator that moves is asked again."""
        for _ in range(20):
            try:
                return self.kafka.committed(self.group, self.topic)
            except RuntimeError as failure:
                reason = failure
                time.sleep(0.3)
        raise reason

    def promised(self):
        """The committed offsets; with exactly-once delivery those in Redis, where they are further.
        Ask before the target is read: it goes on meanwhile."""
        committed = self.committed()
        if self.exactly:
            for partition, offset in self.redis.checkpoints(self.group, self.topic).items():
                committed[partition] = max(offset, committed.get(partition, 0))
        return committed

    def metric(self, name, label="", value=""):
        """The sum of a metric over all members, and their former lives as far as it was asked
        for."""
        for member in self.members:
            with contextlib.suppress(OSError, ValueError):
                self.counted[name, value, member.child.pid] = member.scrape().total(
                    name, **({label: value} if label else {}))
        return sum(count for key, count in self.counted.items() if key[:2] == (name, value))

    def is_drained(self):
        return self.committed() == self.kafka.ends(self.topic)

    def letters(self, topic):
        """The dead letters of a topic, as another client reads them."""
        words = ["kcat", "-C", "-e", "-q", "-J", "-b", self.kafka.brokers, "-t", topic]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30)
        letters = [json.loads(line) for line in done.stdout.splitlines()]
        for letter in letters:
            names = letter.get("headers", [])
            letter["headers"] = dict(zip(names[::2], names[1::2]))
        return letters

    # --- what must hold --------------------------------------------------------------------------

    def judge_loss(self, when, promised=None, target=None):
        """I1: all below the promised offsets is in the target, which was read after them."""
        promised = promised or self.promised()
        wrong = judge.no_loss(self.expected(), target or self.redis.read(), promised)
        self.verdict("I1", [f"{when}: {what}" for what in wrong],
                     f"{when}: everything below the {sum(promised.values())} committed offsets is "
                     "there")

    def judge(self, stop=True):
        """Every invariant that can be judged of any row."""
        self.judge_counts()
        if stop:
            self.stop_members()
        promised, target = self.promised(), self.redis.read()
        expected = self.expected()
        committed, ends = self.committed(), self.kafka.ends(self.topic)
        records = sum(map(len, expected.values()))
        self.judge_loss("at the end", promised, target)
        self.verdict("I2", judge.drained(expected, target, committed, ends),
                     f"{records} records arrived within {self.drain_seconds:.1f} s")
        self.verdict("I3", judge.order(expected, target)
                     + (judge.skips(expected, target) if self.one_owner else []),
                     f"{len(target.lists)} keys in order")
        limit = self.repeat_limit()
        self.verdict("I4", judge.duplicates(expected, target, limit),
                     f"{judge.repeats(target)} came again, {limit} might have")
        self.verdict("I5", judge.integrity(self.oracle.acknowledged(), target, self.oracle.records)
                     + judge.unwanted(self.expected("never"), target),
                     "every key and value, byte by byte")
        self.verdict("I7", judge.commits(self.commits.trace)
                     + ([] if self.commits.trace else ["nobody looked at the committed offsets"]),
                     f"{len(self.commits.trace)} looks at the committed offsets")
        self.judge_bounds()
        for member in self.members:
            log = member.log()
            self.verdict("I12", judge.quiet(log, self.secrets),
                         f"{len(log.splitlines())} lines of {member.name}'s log")

    def repeat_limit(self):
        """What the counted faults explain: a window for each connection that was made again;
        nothing where each record must be there once."""
        if self.once:
            return 0
        reconnects = self.metric(*RECONNECTS)
        return int(self.may_repeat + reconnects * WINDOW)

    def judge_counts(self):
        """I10: matched = outcomes + in flight in every scrape, and each record was counted once."""
        broken = [what for member in self.members for what in member.broken_scrapes()]
        scrapes = sum(member.scrapes() for member in self.members)
        if not scrapes:
            broken.append("it never answered a scrape")
        self.metric(*RECONNECTS)
        self.verdict("I10", broken[:judge.SHOWN], f"{scrapes} scrapes, all in balance")
        if self.counts_once and not self.retired and all(
                len(member.watches) == 1 and member.child.running for member in self.members):
            written = sum(member.scrape().outcome("written") for member in self.members)
            records, again = self.count("written"), judge.repeats(self.redis.read())
            self.check("I10", records <= written <= records + again,
                       f"{written} counted as written, {records} were, {again} of them again")
            for outcome in ("dropped", "dead_lettered"):
                counted = sum(member.scrape().outcome(outcome) for member in self.members)
                self.check("I10", counted == self.count(outcome),
                           f"{counted} counted as {outcome}, {self.count(outcome)} were")

    def judge_bounds(self):
        """I8, by the samples."""
        wrong = []
        for life in self.sampler.lives.values():
            if life.most_bytes > MEMORY_BYTES and not SANITIZED:
                wrong.append(f"{life.name} took {life.most_bytes >> 20} MiB")
            if life.first_files and life.last_files > life.first_files + FILES_GROWTH:
                wrong.append(f"{life.name} began with {life.first_files} open files and ended with "
                             f"{life.last_files}")
        lives = self.sampler.lives.values()
        most, files = (max((getattr(life, name) for life in lives), default=0)
                       for name in ("most_bytes", "most_files"))
        self.verdict("I8", wrong, f"at most {most >> 20} MiB and {files} files")

    def stop_members(self):
        """I11: SIGTERM drains, commits and ends it in time."""
        for member in self.members:
            if not member.child.running:
                self.verdict("I11", [f"{member.name} had ended by itself"], "")
                continue
            began = time.monotonic()
            status = member.stop(STOP_SECONDS)
            took = time.monotonic() - began
            self.check("I11", status == 0,
                       f"{member.name} stopped with {status} after {took:.1f} s")
