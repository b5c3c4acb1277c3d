"""The soak: every few seconds some faults, or none, drawn from the seed; healed, drained, judged.

A round is a scene of its own, so that a failing one is small: `--seed` and the round's number draw
the same faults again.
"""
import contextlib
import time

from stage import (Ask, Call, Drop, Kill, Lose, Pause, Refuse, Resets, wait_until)
from stage.row import Row

ROUND_SECONDS = 40  # of faults; start, drain and judging come on top
PER_SECOND = 600
MEMBERS = 2
LIVE_SECONDS = 40   # Kafka's restart and a rebalance


def redis_moods(scene):
    redis = scene.redis
    return [
        lambda: Drop(redis.port),
        lambda: Refuse(redis.port),
        lambda: Lose(redis.port, 0.3),
        lambda: Resets(redis.port),
        lambda: Pause(redis, "Redis"),
        lambda: Kill(redis, "Redis"),
        lambda: Ask(redis, "maxmemory of 1 MB", [("CONFIG", "SET", "maxmemory", "1mb")],
                    [("CONFIG", "SET", "maxmemory", "0")]),
        lambda: Ask(redis, "REPLICAOF", [("REPLICAOF", "127.0.0.1", 1)],
                    [("REPLICAOF", "NO", "ONE")]),
        lambda: Ask(redis, "CLIENT PAUSE", [("CLIENT", "PAUSE", 2000, "WRITE")]),
        lambda: Ask(redis, "CLIENT KILL", [("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")]),
    ]


def kafka_moods(scene):
    kafka = scene.kafka
    return [
        lambda: Drop(kafka.second_port),
        lambda: Resets(kafka.second_port),
        lambda: Pause(kafka, "Kafka"),
        lambda: Kill(kafka, "Kafka"),
    ]


def member_moods(scene):
    member = scene.random.choice(scene.members)

    def killed():
        """A kill whose judgement must wait until Redis and Kafka answer: only the process dies."""
        return Call(f"kill -9 {member.name}", member.kill, lambda: member.start(wait=False))

    return [
        killed,
        killed,
        lambda: Pause(member, member.name),
        lambda: Call(f"restart {member.name}", member.stop, lambda: member.start(wait=False)),
    ]


def draw(scene):
    """Up to two faults, of different things; quite often one, sometimes none."""
    things = scene.random.sample([redis_moods, kafka_moods, member_moods],
                                 scene.random.choice((0, 1, 1, 1, 2, 2)))
    return [scene.random.choice(moods(scene))() for moods in things]


def one_round(scene):
    """Faults at random."""
    scene.one_owner = False
    # One request in flight: of several, librdkafka 2.0.2 may lose count when Kafka is killed.
    scene.start(members=MEMBERS, partitions=6, aof=True, session=3000,
                producer=("max.in.flight.requests.per.connection=1",))
    scene.load(PER_SECOND)
    until = time.monotonic() + ROUND_SECONDS
    real = 0
    while time.monotonic() < until:
        scene.run(scene.random.uniform(0.5, 2))
        faults = draw(scene)
        with contextlib.ExitStack() as stack:
            for fault in faults:
                stack.enter_context(scene.fault(fault, live=None, ahead=True, must=False))
            scene.run(scene.random.uniform(0.5, 5))
        real += sum(bool(fault.evidence()) for fault in faults)
        if faults:
            scene.passes(LIVE_SECONDS)
            scene.judge_loss("after a fault")
    wait_until(lambda: all(member.child.running for member in scene.members), 1, "all members live")
    scene.check("I13", real > 0, f"{real} faults were real")
    scene.drain(60)
    scene.judge()


def round_of(number):
    delivery = ("at_least_once", "exactly_once")[number % 2]
    return Row(f"S{number}", 300, ["I1", "I2", "I3", "I4", "I5", "I9", "I13"], one_round, False,
               delivery)
