"""Family B: members of the group that die, sleep, come and go."""
import os
import time

from harness import Record

from stage import FAILED_COMMITS, REBALANCES, Ask, Call, Late, Pause, row, wait_until
from stage import judge, mock
from stage.trial import WINDOW

LOST = (*REBALANCES, "event", "lost")


@row("B1", "1 3 4 13", seconds=85, both=True)
def kills_at_any_instant(scene):
    """kill -9 at random instants; at each, all that is committed is in Redis."""
    scene.start(session=1000)
    scene.load(1000)
    for number in range(20):
        if number % 2:
            scene.penstock.wait_flowing()
        scene.run(scene.random.uniform(0, 0.6))
        scene.kill(scene.penstock)
    scene.drain()
    scene.judge()


@row("B1most", "3 4 5 11 13", seconds=60, delivery="at_most_once")
def kills_at_most_once(scene):
    """The same with delivery at most once: what was on its way at a kill may be missing, and
    nothing ever comes twice."""
    scene.start(session=1000)
    scene.load(1000)
    for _ in range(6):
        scene.penstock.wait_flowing()
        scene.run(scene.random.uniform(0.1, 0.6))
        scene.note("kill -9 penstock-1")
        scene.penstock.kill()
        scene.penstock.start(wait=False)
    scene.drain()
    scene.check("I2", scene.is_drained(), "everything is committed")
    expected, target = scene.expected(), scene.redis.read()
    missing = sum(len(set(records) - set(target.offsets(partition)))
                  for partition, records in expected.items())
    scene.note(f"{missing} of {scene.count('written')} records are missing")
    scene.verdict("I3", [f"partition {partition}: {pairs[:3]}" for partition in target.streams
                         if (pairs := judge.falls(target.offsets(partition)))], "offsets rise")
    scene.verdict("I4", judge.duplicates(expected, target, 0), "nothing came twice")
    scene.verdict("I5", judge.integrity(scene.oracle.acknowledged(), target, scene.oracle.records),
                  "every key and value, byte by byte")
    scene.check("I13", missing > 0, f"{missing} records were lost by six kills")
    scene.stop_members()


@row("B3", "1 3 4 7 13", seconds=60, both=True)
def a_member_sleeps_beyond_its_session(scene):
    """A member stops for longer than its session, another takes over, the first wakes: what it
    still sends may only repeat, and it commits nothing any more."""
    scene.one_owner = False
    scene.start(members=2, session=2000)
    scene.load(1000)
    scene.run(2)
    first, second = scene.members
    with scene.fault(Pause(first, first.name), shows=LOST, ahead=True):
        wait_until(lambda: assigned(second) == 4, 15, "the other takes its partitions over")
        scene.run(3)
    wait_until(lambda: assigned(first) == 2, 15, "the first has its share again")
    scene.run(1)
    scene.drain()
    scene.judge()
    if scene.exactly:
        again = judge.repeats(scene.redis.read())
        fenced = scene.metric("penstock_fenced_total")
        scene.check("I6", again == 0, f"{again} records came twice, {fenced:.0f} times fenced")


def assigned(member):
    return member.scrape().total("penstock_kafka_partition_assigned")


@row("B4", "1 3 4 9 13", seconds=60)
def redis_slower_than_the_poll_interval(scene):
    """Redis sleeps for longer than max.poll.interval.ms: the worker goes on polling, and stays a
    member."""
    scene.start(session=2000, properties="max_poll_interval_ms = 3000;",
                response="30s", redis=("--enable-debug-command", "yes"))
    scene.load(500)
    scene.run(2)
    before = scene.metric(*REBALANCES)
    redis = scene.redis
    with scene.fault(Ask(redis, "Redis sleeps for 7 s", [("DEBUG", "SLEEP", 7)])):
        pass
    scene.check("I9", scene.metric(*REBALANCES) == before, "no rebalance")
    scene.drain()
    scene.judge()


@row("B5", "1 2 3 4 7 13", seconds=80, both=True)
def a_storm_of_rebalances(scene):
    """Five members are started and stopped at random, one of them each half second: it ends
    settled."""
    scene.one_owner = False
    scene.start(members=1, partitions=6)
    others = [scene.join(f"penstock-{number}", wait=False) for number in range(2, 6)]
    scene.load(500)
    storm(scene, others, lambda member: member.stop())
    scene.drain()
    scene.judge()


@row("B6", "1 2 3 4 13", seconds=80, both=True)
def kills_while_others_join(scene):
    """The same, with kill -9 instead of a clean stop."""
    scene.one_owner = False
    scene.start(members=1, partitions=6, session=1500)
    others = [scene.join(f"penstock-{number}", wait=False) for number in range(2, 5)]
    scene.load(500)
    storm(scene, others, lambda member: scene.kill(member, restart=False), pause=1.0)
    scene.drain(30)
    scene.judge()


def ahead_limit(scene):
    """What a member that ended at once had written and not committed: half a second's records."""
    return WINDOW + 500


def storm(scene, members, end, seconds=15, pause=0.5):
    """Toggles members for a while, and leaves all of them running."""
    before = scene.metric(*REBALANCES)
    with scene.fault(Call("members come and go", lambda: None), ahead=True, live=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            member = scene.random.choice(members)
            scene.metric(*REBALANCES)
            if member.child.running:
                scene.note(f"end {member.name}")
                end(member)
            else:
                scene.note(f"start {member.name}")
                member.start(wait=False)
            scene.run(scene.random.uniform(0, 2 * pause))
        for member in members:
            if not member.child.running:
                member.start(wait=False)
        wait_until(lambda: sum(map(assigned_or_none, scene.members)) == scene.oracle.count, 30,
                   "every partition has an owner")
    count = scene.metric(*REBALANCES) - before
    scene.check("I13", count > 10, f"{count:.0f} rebalances")


def assigned_or_none(member):
    try:
        return assigned(member)
    except OSError:
        return 0


@row("B7", "1 2 4 7 13", seconds=80)
def commits_refused_in_a_rebalance(scene):
    """Commits are refused by ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID and REBALANCE_IN_PROGRESS:
    nothing is lost, and it does not join anew for ever. By FENCED_INSTANCE_ID: it ends, and says
    why."""
    scene.start(mock=1)
    scene.load(500)
    scene.run(1)
    for code in (mock.ILLEGAL_GENERATION, mock.UNKNOWN_MEMBER, mock.REBALANCE):
        with scene.fault(Call(f"a commit is refused by error {code}", lambda code=code: (
                scene.kafka.order("errors", mock.OFFSET_COMMIT, 1, code))),
                shows=FAILED_COMMITS, ahead=True, live=20):
            scene.run(1)
        wait_until(lambda: assigned(scene.penstock) == 4, 20, "it has its partitions again")
        scene.run(1)
    scene.run(3)
    before = scene.metric(*REBALANCES)
    scene.run(4)
    scene.check("I7", scene.metric(*REBALANCES) == before, "the group is at rest afterwards")
    scene.kafka.order("errors", mock.OFFSET_COMMIT, 1, mock.FENCED_INSTANCE)
    status = scene.penstock.child.wait(10)
    scene.check("I11", status not in (0, None), f"the fenced one ended with {status}")
    scene.check("I10", "fenced by other consumer" in scene.penstock.log(), "the log says why")
    scene.judge_loss("when it was fenced")
    scene.may_repeat += WINDOW
    scene.penstock.start(wait=False)
    scene.drain(30)
    scene.judge()


@row("B8", "1 3 4 13", seconds=60, both=True)
def revoked_with_work_in_flight(scene):
    """Members join and leave while Redis is far away and commands are in flight: they are finished
    before the partition is handed over, and nothing comes twice."""
    scene.start(proxy=True, partitions=6)
    scene.load(500)
    before = scene.metric(*REBALANCES)
    with scene.fault(Late(scene.proxy, 0.2, 0.1)):
        scene.run(2)
        for number in range(2, 5):
            scene.join(f"penstock-{number}", wait=False)
            scene.run(2)
        inflight = sum(member.watch.peak_inflight for member in scene.members)
        scene.members[1].stop()
        scene.run(2)
        scene.members[1].start(wait=False)
        scene.run(1)
    scene.check("I13", inflight > 0, f"{inflight} records were in flight")
    scene.check("I13", scene.metric(*REBALANCES) > before + 3, "partitions were revoked")
    scene.drain()
    scene.judge()


@row("B9", "4 9 13", seconds=60)
def a_static_member_comes_back(scene):
    """A static member ends and comes back within its session: no partition moves. Of two with one
    name the older one ends, and says why."""
    scene.start(members=0, session=6000)
    scene.text = scene.text.replace('start = "earliest";',
                                    'start = "earliest"; instance_id = "one";')
    first = scene.join("penstock-1")
    scene.text = scene.text.replace('instance_id = "one"', 'instance_id = "two"')
    second = scene.join("penstock-2")
    scene.load(500)
    wait_until(lambda: assigned(first) == 2 and assigned(second) == 2, 20, "each has its share")
    scene.run(1)
    before = first.scrape().total(*REBALANCES)
    with scene.fault(Call("penstock-2 ends and comes back", second.stop,
                          lambda: second.start(wait=False))):
        scene.run(1)
    wait_until(lambda: assigned_or_none(second) == 2, 20, "it has its partitions again")
    scene.run(2)
    scene.check("I9", first.scrape().total(*REBALANCES) == before, "the other kept its partitions")
    twin = scene.join("penstock-3", scene.text, wait=False)
    wait_until(lambda: not second.child.running, 20, "the older one ends")
    scene.check("I10", "fenced by other consumer" in second.log(), "its log says why")
    scene.retire(second)
    wait_until(lambda: assigned_or_none(twin) == 2, 20, "the younger one has its partitions")
    scene.may_repeat += ahead_limit(scene)
    scene.drain()
    scene.judge()


@row("B10", "2 8 13", seconds=60)
def ten_thousand_partitions(scene):
    """10 000 partitions: the first record is written within 15 s."""
    partitions = 10_000
    scene.start(mock=1, partitions=partitions, members=0, watch=False)
    producer = scene.producer
    records = [Record(number, b"k%d" % number, b'{"seq":1,"n":1}')
               for number in range(0, partitions, 20)]
    scene.send(records)
    producer.flush()
    began = time.monotonic()
    member = scene.join("penstock-1", wait=False)
    wait_until(lambda: scene.redis.ask("DBSIZE") > 0, 30, "the first record")
    first = time.monotonic() - began
    limit = 15 * max(1, os.getloadavg()[0] / os.cpu_count())  # where others work here, too
    scene.check("I2", first < limit, f"the first record after {first:.1f} s of {limit:.0f}")
    wait_until(lambda: scene.redis.arrived() >= len(records), 40, "all records", every=0.5)
    scene.note(f"all after {time.monotonic() - began:.1f} s, {member.child.rss_bytes() >> 20} MiB")
    scene.check("I8", member.child.rss_bytes() < (256 << 20),
                f"{member.child.rss_bytes() / partitions:.0f} bytes a partition")
    scene.verdict("I13", [], f"{partitions} partitions")


@row("B11", "2 13", seconds=60)
def partitions_are_added(scene):
    """A topic gets more partitions while penstock runs: they are read from their beginning."""
    scene.start(partitions=2, properties="topic_metadata_refresh_interval_ms = 2000; "
                "metadata_max_age_ms = 4000;")
    scene.load(500)
    scene.run(1)
    with scene.fault(Call("two partitions more", lambda: scene.grow(4),
                          happened=lambda: f"{len(scene.kafka.ends(scene.topic))} partitions")):
        scene.run(3)  # until the producer knows them
        scene.send(fresh(3))
        wait_until(lambda: assigned(scene.penstock) == 4, 20, "they are assigned")
        scene.send(fresh(2))
        scene.run(1)
    scene.drain()
    scene.judge()


def fresh(partition):
    """Records of a partition that was not there before; each has a key of its own."""
    return [Record(partition, b"new%d-%d" % (partition, number), b'{"seq":1,"n":1}')
            for number in range(100)]


@row("B12", "1 8 9 13", seconds=60)
def commits_fail_for_long(scene):
    """Commits fail for 15 s while data flows: it goes on applying, and commits in the end."""
    scene.start(mock=1)
    scene.load(500)
    scene.run(1)
    coordinator_loads = 14
    with scene.fault(Call("commits fail", lambda: (
            scene.kafka.order("errors", mock.OFFSET_COMMIT, 1000, coordinator_loads)),
            lambda: scene.kafka.order("clear", mock.OFFSET_COMMIT)), shows=FAILED_COMMITS):
        scene.run(2)
        before = scene.redis.arrived()
        scene.run(10)
        flowed = scene.redis.arrived() - before
        scene.check("I9", flowed > 3000, f"{flowed} records flowed meanwhile")
    scene.drain()
    scene.judge()
