"""Family A: the network, and brokers that go."""
import os
import subprocess

from stage import (KAFKA_ERRORS, REBALANCES, RECONNECTS, Again, Call, Cannot, Cuts,
                   Drop, Kill, Late, Lose, Narrow, Pause, Resets, Slices, row, wait_until)
from stage import mock, namespace

# --- brokers -------------------------------------------------------------------------------------

@row("A1", "1 2 3 4 9 13", seconds=45, both=True)
def one_of_three_brokers_down(scene):
    """One of three brokers is down for 10 s: the partitions of the others flow, then all drain."""
    scene.start(mock=3, partitions=6)
    kafka = scene.kafka
    kafka.order("coordinator", scene.group, 1)
    scene.load(500)
    scene.run(2)
    with scene.fault(Call("broker 2 is down", lambda: kafka.order("down", 2),
                          lambda: kafka.order("up", 2)),
                     shows=KAFKA_ERRORS, ahead=True):
        scene.run(2)
        before = scene.redis.arrived()
        scene.run(6)
        others = scene.redis.arrived() - before
        scene.check("I9", others > 200, f"{others} records of the other brokers flowed meanwhile")
    scene.drain()
    scene.judge()


@row("A2", "2 8 9 10 13", seconds=60)
def all_brokers_down(scene):
    """All brokers are down when penstock starts, and again later: it waits, without spinning, is
    not ready, and goes on."""
    scene.start(mock=3, members=0)
    kafka = scene.kafka

    def all_of_them(what):
        return lambda: [kafka.order(what, number) for number in (1, 2, 3)]

    with scene.fault(Call("all brokers are down", all_of_them("down"), all_of_them("up"))):
        scene.join("penstock-1", wait=False)
        scene.run(3)
        scene.unready()
        scene.idle()
        scene.check("I9", scene.penstock.child.running, "it waits, and does not end")
    scene.load(500)
    scene.run(2)
    with scene.fault(Call("all brokers are down", all_of_them("down"), all_of_them("up")),
                     shows=KAFKA_ERRORS, ahead=True):
        scene.run(2)
        scene.idle(4)
    scene.drain()
    scene.judge()


@row("A3", "1 2 3 4 9 13", seconds=80, both=True)
def a_broker_starts_anew(scene):
    """Kafka is killed and comes back with its log."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    with scene.fault(Kill(scene.kafka, "Kafka"), shows=KAFKA_ERRORS,
                     ahead=True, live=30):
        scene.run(1)
        scene.idle()
        scene.unready()
    scene.run(1)
    scene.drain(40)
    scene.judge()


@row("A4", "1 2 3 4 5 13", seconds=45)
def leaders_change(scene):
    """Each partition gets another leader each second: nothing is passed over, nothing starts
    anew."""
    scene.start(mock=3, partitions=3)
    moves = iter(range(10**6))

    def move():
        turn = next(moves)
        for partition in range(3):
            scene.kafka.order("leader", scene.topic, partition, (turn + partition) % 3 + 1)
        return 1

    scene.load(1000)
    with scene.fault(Again("leaders change each second", 1, move)):
        scene.run(10)
    scene.drain()
    scene.judge()


@row("A5", "1 2 3 7 9 13", seconds=60)
def the_coordinator_moves(scene):
    """The group's coordinator moves, and fifty commits, fetches of offsets and heartbeats are told
    so by the new one: found again, no partition stays unfetched."""
    scene.start(mock=3, members=0, partitions=6)
    kafka = scene.kafka

    def refuse():
        for request, times in ((mock.OFFSET_FETCH, 50), (mock.OFFSET_COMMIT, 50),
                               (mock.HEARTBEAT, 50), (mock.JOIN_GROUP, 5)):
            kafka.order("errors", request, times, mock.NOT_COORDINATOR)

    kafka.order("coordinator", scene.group, 1)
    kafka.order("errors", mock.OFFSET_FETCH, 20, mock.NOT_COORDINATOR)
    scene.join("penstock-1")
    scene.load(500)
    scene.run(2)
    with scene.fault(Call("the coordinator moves", lambda: (
            refuse(), kafka.order("coordinator", scene.group, 3))),
                     shows=REBALANCES, ahead=True, live=20):
        scene.run(8)
    scene.run(1)
    before = scene.committed()
    wait_until(lambda: all(offset > before[partition] for partition, offset
                           in scene.committed().items()), 20,
               "every partition is fetched and committed again", every=0.2)
    scene.drain()
    scene.judge()


@row("A6", "1 2 3 4 9 13", seconds=60)
def brokers_hang(scene):
    """The brokers stop answering for 8 s, and wake: below the session timeout nobody is
    expelled."""
    scene.start(mock=3, session=30000)
    scene.load(500)
    scene.run(2)
    before = scene.metric(*REBALANCES)
    with scene.fault(Pause(scene.kafka, "the brokers"), ahead=True):
        scene.run(8)
    scene.check("I9", scene.metric(*REBALANCES) == before, "no rebalance")
    scene.drain()
    scene.judge()


# --- connections ---------------------------------------------------------------------------------

@row("A7", "1 3 4 9 13", seconds=45, quick=True, both=True)
def half_open_to_redis(scene):
    """Packets to Redis vanish and nobody closes anything: found within response_timeout, and all
    that has no answer is sent again."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    with scene.fault(Drop(scene.redis.port), shows=RECONNECTS):
        scene.run(3)
        scene.unready()
        scene.idle()
    scene.run(1)
    scene.drain()
    scene.judge()


@row("A8", "2 3 9 13", seconds=60)
def half_open_to_kafka(scene):
    """Packets to and from Kafka vanish for 8 s: found, and read on from what was committed."""
    scene.start(properties="socket_timeout_ms = 3000;")
    scene.load(1000)
    scene.run(2)
    with scene.fault(Drop(scene.kafka.second_port), ahead=True, live=20):
        scene.run(6)
        scene.idle()
    scene.run(1)
    scene.drain()
    scene.judge()


@row("A9", "1 2 3 4 8 13", seconds=40, both=True)
def a_storm_of_resets(scene):
    """Every connection is reset each 200 ms for 6 s: no file stays open."""
    scene.start()
    scene.load(1000)
    scene.run(1)
    with scene.fault(Resets(scene.redis.port), shows=RECONNECTS):
        scene.run(6)
    with scene.fault(Resets(scene.kafka.second_port), ahead=True, live=20):
        scene.run(6)
    scene.run(2)
    scene.drain()
    scene.judge()


@row("A10", "2 8 13", seconds=40)
def a_far_redis(scene):
    """25 ms each way and up to 50 more at random: the pipeline keeps the rate."""
    scene.start(proxy=True)
    scene.load(1000)
    scene.run(2)
    with scene.fault(Late(scene.proxy, 0.025, 0.05)):
        scene.run(2)
        before = scene.redis.arrived()
        scene.run(5)
        rate = (scene.redis.arrived() - before) / 5
        scene.check("I2", rate >= 800, f"{rate:.0f} records/s of 1000 arrived")
    scene.drain()
    scene.judge()


@row("A11", "2 3 8 13", seconds=60, both=True)
def a_narrow_and_a_lossy_link(scene):
    """256 kbit/s, then 30 % of the packets lost: fetching pauses, memory stays bounded."""
    scene.start(proxy=True)
    scene.load(2000)
    scene.run(1)
    with scene.fault(Narrow(scene.proxy, 32_000)):
        scene.run(8)
        lag = scene.penstock.scrape().lag
        scene.check("I8", lag > 5000, f"{lag:.0f} records wait in Kafka")
    with scene.fault(Lose(scene.redis.port, 0.3)):
        scene.run(8)
    scene.drain(30)
    scene.judge()


@row("A12", "1 3 4 5 13", seconds=60, both=True)
def crumbling_replies(scene):
    """Replies in pieces of one byte, of three, and cut after each number of bytes."""
    scene.start(proxy=True)
    scene.load(500)
    scene.run(1)
    for size in (1, 3):
        with scene.fault(Slices(scene.proxy, size)):
            scene.run(3)
    with scene.fault(Cuts(scene.proxy), shows=RECONNECTS):
        scene.run(15)
    scene.drain()
    scene.judge()


@row("A13", "1 2 3 4 13", seconds=60, both=True)
def only_one_of_the_two(scene):
    """Redis is there and Kafka is not, then the reverse: nothing is committed that was not applied,
    and what was applied is committed in the end."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    for port, ahead in ((scene.kafka.second_port, True), (scene.redis.port, False)):
        with scene.fault(Drop(port), ahead=ahead, live=20):
            scene.run(4)
            scene.judge_loss("while one is away")
        scene.run(1)
    scene.drain()
    scene.judge()


@row("A14", "2 9 13", seconds=60)
def a_name_that_moves(scene):
    """Redis' name does not resolve, then it does, then it stands for another address."""
    hosts = Hosts(scene)
    scene.start(redis=("--bind", "127.0.0.2"), members=0)
    scene.text = scene.text.replace(scene.redis.url, f"redis://penstock-target:{scene.redis.port}")
    with scene.fault(Call("the name does not resolve", lambda: None,
                          lambda: hosts.write("127.0.0.2 penstock-target"))):
        scene.join("penstock-1", wait=False)
        scene.unready()
        scene.idle()
    scene.load(500)
    scene.run(1)

    def move():
        scene.redis.ask("CONFIG", "SET", "bind", "127.0.0.3")
        scene.redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    with scene.fault(Call("Redis has another address", move,
                          lambda: hosts.write("127.0.0.3 penstock-target"))):
        scene.run(2)
        scene.unready()
    scene.drain()
    scene.judge()


class Hosts:
    """/etc/hosts as this run alone sees it."""

    def __init__(self, scene):
        if not namespace.own_mounts():
            raise Cannot("needs a view of the mounts of its own (unshare -m)")
        self.path = os.path.join(scene.folder, "hosts")
        self.write("")
        subprocess.run(["mount", "--bind", self.path, "/etc/hosts"], check=True)
        scene.closing.append(lambda: subprocess.run(["umount", "/etc/hosts"], check=True))

    def write(self, line):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(f"127.0.0.1 localhost\n{line}\n")
