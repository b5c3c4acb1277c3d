"""Two processes of one group under load, that die and come back, and the judge beside them."""
from harness import conf, wait_until
from ledger import PARTITIONS, Judge, Ledger, routes

COMMIT_MS = 150
SESSION_MS = 1000

SOURCE = (f'commit_interval = "{COMMIT_MS}ms"; instance_id = "NAME"; '
          f"librdkafka = {{ session_timeout_ms = {SESSION_MS}; heartbeat_interval_ms = 200; "
          "reconnect_backoff_max_ms = 500; };")


class Herd:
    """Kafka, Redis, a steady load, and processes by name."""

    def __init__(self, run, delivery, per_second):
        self.run, self.exact = run, delivery == "exactly_once"
        self.options = {"delivery": delivery} if self.exact else {}
        self.kafka, self.redis = run.kafka(), run.redis(aof=True)
        self.kafka.create(run.topic, PARTITIONS)
        self.ledger = Ledger(run.topic, run.random)
        self.judge = Judge(self.ledger, self.redis, self.kafka, run.group)
        self.producer = run.producer(self.kafka)
        self.load = run.background(self.ledger.flow, self.producer, per_second)
        self.hits = 0  # kills that left records in Redis which Kafka knew nothing of

    def conf(self, name):
        """The source has the process' name, by which CLIENT LIST tells whose a connection is."""
        text = conf(self.kafka, self.redis.url, self.run.group,
                    routes(self.run.topic, **self.options),
                    source=SOURCE.replace("NAME", name))
        return text.replace("main = {", f"{name} = {{").replace('"main"', f'"{name}"')

    def member(self, name, **options):
        return self.run.penstock(self.conf(name), name, **options)

    def judge_kill(self, what, dead):
        """Called once all of `dead` are; what they had sent has reached Redis by then."""
        wait_until(lambda: not self._connected(dead), 10, "Redis has read what the dead have sent")
        self._judge(what, dead, self.judge.committed())

    def kill_redis(self, what, dead):
        """Redis dies in silence: what it had not read by then is gone. Those who live send it
        again, so what was committed is asked for before it comes back."""
        self.redis.kill()
        committed = self.judge.committed()
        self.redis.start()
        self._judge(what, dead, committed)

    def _judge(self, what, dead, committed):
        ahead = (self.judge.exactly if self.exact else self.judge.at_least)(committed)
        self.hits += ahead > 0
        self.run.note(f"kill {what}: {', '.join(one.name for one in dead)}; "
                      f"{ahead} records were not committed")

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
        self.run.note(f"{repeats} records came again, {sum(self.judge.may_repeat)} might have; "
                      f"{self.hits} kills left something uncommitted")
        return repeats
