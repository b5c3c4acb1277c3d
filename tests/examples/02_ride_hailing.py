#!/usr/bin/env python3
"""examples/ride-hailing: who is offline is gone, a killed bridge loses no trip, and nearby is what is near."""
import collections
import json
import math
import os
import signal
import subprocess
import sys
import time
import urllib.request

from example import Example, read
from harness import expect, expect_equal, main, wait_until
from harness.child import BUILD, SOURCE
from harness.metrics import Scrape, fetch

FOLDER = os.path.join(SOURCE, "examples/ride-hailing")
sys.path[:0] = [FOLDER, os.path.dirname(FOLDER)]
from city import AVENUE, City  # noqa: E402
from simulator import POSITIONS, RIDES, TRIPS, Simulator  # noqa: E402

EARTH = 6372797.560856  # Redis' radius


def _start(run, drivers, *options):
    example = Example(run, "ride-hailing", "--kafka=real", f"--drivers={drivers}", *options)
    example.said("drivers are on the road")
    wait_until(lambda: _frame(example)["reports"] > drivers, 60, "every driver has reported")
    return example


def _frame(example):
    """The newest of what the page gets."""
    with urllib.request.urlopen(f"http://127.0.0.1:{example.port}/live", timeout=10) as stream:
        while not (line := stream.readline()).startswith(b"data: "):
            pass
    return json.loads(line[len(b"data: "):])


def _pause(example):
    """The city stands still, and Redis has all that it has sent."""
    example.ask("/pause", "POST")
    time.sleep(0.5)  # a tick that had begun
    admin = int(example.said(r"http://127\.0\.0\.1:(\d+)/metrics")[1])

    def at_the_end():
        try:
            scrape = Scrape(fetch(admin, "/metrics")[1])
        except OSError:
            return False
        return (fetch(admin, "/readyz")[0] == 200 and scrape.lag == 0 and scrape.total("penstock_inflight_records") == 0
                and scrape.total("penstock_kafka_partition_assigned") == 16)
    wait_until(at_the_end, 60, "penstock has written everything", every=0.2)
    time.sleep(1)  # a frame of the page later


def the_city_can_be_driven(run):
    """From each place to every other one, though many streets are one-way; the river is crossed by bridges alone."""
    for seed in range(1, 21):
        city = City(seed)
        expect(len(city.drivable) > 0.95 * len(city.places), f"seed {seed}: most places can be reached")
        back = [[] for _ in city.places]
        for here, edges in enumerate(city.edges):
            for edge in edges:
                back[edge.to].append(here)
        for ways in ([[edge.to for edge in edges] for edges in city.edges], back):
            found, queue = {city.drivable[0]}, [city.drivable[0]]
            while queue:
                fresh = [there for there in ways[queue.pop()] if there not in found]
                found.update(fresh)
                queue += fresh
            expect_equal(found, set(city.drivable), f"seed {seed}: places that are connected")
        one_way = sum(here not in {edge.to for edge in city.edges[edge.to]} for here, edges in enumerate(city.edges) for edge in edges)
        bridges = sum(city._bank(city.places[here]) != city._bank(city.places[edge.to])  # pylint: disable=protected-access
                      for here, edges in enumerate(city.edges) for edge in edges)
        expect(one_way > 500 and 8 <= bridges <= 40, f"seed {seed}: {one_way} one-way blocks, {bridges} ways over the river")
    run.note(f"of the last one: {len(city.places)} places, {one_way} one-way blocks, {bridges} ways over the river")
    a, b = city.drivable[5], city.drivable[-5]
    way = city.route(a, b)
    for here, there in zip([a, *way], way):
        expect(there in {edge.to for edge in city.edges[here]}, "a route follows the streets")
    expect_equal(way[-1], b, "the end of the route")
    expect(math.dist(city.metres(*city.geo(1234.5, 678.9)), (1234.5, 678.9)) < 1e-6, "degrees and back")


class _Recorder:
    """Takes what a simulator sends."""

    def __init__(self):
        self.sent = []

    def send(self, topic, key, value):
        self.sent.append((topic, key, value and json.loads(value)))

    def poll(self):
        pass


def _simulate(run, seed, seconds, drivers=150):
    recorder = _Recorder()
    simulator = Simulator(City(1), recorder, drivers, seed, os.path.join(run.folder, "truth.json"))
    for _ in range(seconds * 10):
        simulator.tick()
    return recorder.sent


def _without_times(sent):
    return [(topic, key, value and {name: text for name, text in value.items() if name not in ("at", "completed_at")})
            for topic, key, value in sent]


def a_day_follows_from_its_seed(run):
    """The same seed gives the same records, another one others."""
    first, again, other = (_without_times(_simulate(run, seed, 60)) for seed in (3, 3, 4))
    expect(first == again, "the same seed")
    expect(first != other, "another seed")


def drivers_keep_to_the_streets(run):
    """No faster than an avenue allows, on streets alone; each ride goes its way in order, and is one trip at most."""
    sent = _simulate(run, 1, 400)
    city = City(1)
    blocks = [(city.places[here], city.places[edge.to]) for here, edges in enumerate(city.edges) for edge in edges]
    last, reports = {}, 0
    for topic, driver, report in sent:
        if topic == POSITIONS and report:
            place = city.metres(report["lon"], report["lat"])
            reports += 1
            if reports % 50 == 0:
                away = min(_from_block(place, *block) for block in blocks)
                expect(away < 0.3, f"{driver} is on a street: {away} m away")
            if driver in last:
                expect(math.dist(place, last[driver]) < AVENUE + 0.5, f"{driver} is not so fast: {last[driver]} to {place}")
            last[driver] = place
    follows = {"requested": {None}, "accepted": {"requested"}, "picked_up": {"accepted", None}, "completed": {"picked_up"},
               "cancelled": {"requested", "accepted"}}
    was = {}
    for topic, ride, event in sent:
        if topic == RIDES:
            expect(was.get(ride) in follows[event["status"]], f"{ride} was {was.get(ride)}, and is {event['status']}")
            was[ride] = event["status"]
    trips = [key for topic, key, _ in sent if topic == TRIPS and key.startswith("r")]
    expect_equal(sorted(trips), sorted(ride for ride, status in was.items() if status == "completed"), "completed rides and trips")
    expect(len(trips) > 20 and "cancelled" in was.values(), f"some were completed, some cancelled: {len(trips)}")
    run.note(f"{reports} reports, {len(was)} rides, {len(trips)} trips")


def _from_block(place, start, end):
    """Metres from a place to a stretch of street."""
    along = (end[0] - start[0], end[1] - start[1])
    part = ((place[0] - start[0]) * along[0] + (place[1] - start[1]) * along[1]) / (along[0] ** 2 + along[1] ** 2)
    part = min(1, max(0, part))
    return math.dist(place, (start[0] + along[0] * part, start[1] + along[1] * part))


def a_driver_that_goes_offline_disappears(run):
    """From the map, the index and the hash: by an event, and by a tombstone."""
    example = _start(run, 400)
    redis = example.redis()
    gone = [name for name, (_, _, _, status) in _frame(example)["drivers"].items() if status == "free"][:12]
    for driver in gone:
        example.ask(f"/driver/offline?id={driver}", "POST")
        wait_until(lambda: redis.ask("ZSCORE", "drivers", driver) is None and redis.ask("EXISTS", f"driver:{driver}") == 0,
                   20, f"{driver} leaves the index and the hash")
        wait_until(lambda: driver not in _frame(example)["drivers"], 5, f"{driver} leaves the map")
        status, answer = example.ask(f"/driver?id={driver}")
        expect_equal((status, answer["hash"], answer["onTheMap"]), (200, None, False), "what the page says of it")
    _pause(example)
    kinds = {payload and json.loads(payload)["status"] for _, _, key, payload in read(example.brokers(), "driver.positions", 8)
             if key in gone}
    expect(kinds >= {None, "offline"}, f"some went by a tombstone, some by an event: {kinds}")
    shown = _frame(example)["drivers"]
    index = {name.decode() for name in redis.ask("ZRANGE", "drivers", 0, -1)}
    expect_equal(index, set(shown), "who is on the map, and in the index")


def a_killed_bridge_loses_no_trip(run):
    """kill -9, again and again: each trip is in the stream once, and the leaderboard is exact to the cent."""
    example = _start(run, 1000)
    redis = example.redis()
    for wait in (3, 0.3, 2, 0.3, 1):
        time.sleep(wait)
        example.kill_penstock()
    _pause(example)
    driven = {json.loads(payload)["trip_id"]: json.loads(payload) for _, _, _, payload in read(example.brokers(), "trips", 4)}
    live = sum(name.startswith("r") for name in driven)
    expect(live >= 10, f"trips were driven meanwhile: {live}")
    entries = [dict(zip(fields[::2], fields[1::2])) for _, fields in redis.ask("XRANGE", "trips", "-", "+")]
    counts = collections.Counter(entry[b"trip"].decode() for entry in entries)
    expect_equal(counts, collections.Counter(driven.keys()), "the trips of the stream")
    boards, totals = {}, {}
    for trip in driven.values():
        week = time.strftime("%G-W%V", time.gmtime(trip["completed_at"] / 1000))
        boards.setdefault(week, collections.Counter())[trip["driver_id"]] += trip["fare_cents"]
        totals.setdefault(week, collections.Counter()).update(trips=1, cents=trip["fare_cents"])
    expect(len(boards) >= 2, f"trips of more than one week: {boards.keys()}")
    for week, board in boards.items():
        flat = redis.ask("ZRANGE", f"leaderboard:{week}", 0, -1, "WITHSCORES")
        expect_equal({name.decode(): int(cents) for name, cents in zip(flat[::2], flat[1::2])}, dict(board), f"the leaderboard of {week}")
        flat = redis.ask("HGETALL", f"week:{week}")
        expect_equal({name.decode(): int(value) for name, value in zip(flat[::2], flat[1::2])}, dict(totals[week]), f"the totals of {week}")
    frame = _frame(example)
    expect_equal(frame["driven"], {week: dict(total) for week, total in totals.items()}, "what the city says was driven")
    expect(frame["penstock"]["running"], "penstock runs")
    run.note(f"{len(driven)} trips, {live} of them driven meanwhile, over {len(boards)} weeks; penstock was killed five times")


def nearby_is_what_is_near(run):
    """The search's answer is what the drivers' last reports in Kafka say, by a computation of our own."""
    example = _start(run, 1000)
    city = City(1)
    _pause(example)
    last = {key: payload and json.loads(payload) for _, _, key, payload in read(example.brokers(), "driver.positions", 8)}
    there = {name: report for name, report in last.items() if report and report["status"] != "offline"}
    checked = 0
    for x, y, radius in ((2400, 900, 150), (1000, 500, 400), (3500, 2500, 800), (600, 2900, 1200), (-400, -400, 50)):
        lon, lat = city.geo(x, y)
        near = {name: _metres(lon, lat, report["lon"], report["lat"]) for name, report in there.items()}
        status, found = example.ask(f"/nearby?x={x}&y={y}&radius={radius}")
        expect_equal(status, 200, "the answer")
        expect({row["driver"] for row in found} >= {name for name, metres in near.items() if metres < radius - 1},
               f"all within {radius} m of {x}, {y} are found")
        for row in found:
            expect(abs(row["metres"] - near[row["driver"]]) < 1 and row["metres"] <= radius, f"how far {row} is: {near[row['driver']]}")
            expect_equal(row["status"], there[row["driver"]]["status"], f"what {row['driver']} does")
        expect_equal(found, sorted(found, key=lambda row: row["metres"]), "the nearest first")
        checked += len(found)
    expect(checked > 100, f"many were found: {checked}")
    expect_equal([example.ask(f"/nearby?{query}")[0] for query in ("x=1&y=1&radius=9999", "x=1&y=a&radius=5", "x=1")], [400] * 3, "nonsense")


def _metres(lon, lat, other_lon, other_lat):
    """Haversine."""
    a = math.sin(math.radians(other_lat - lat) / 2) ** 2
    b = math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(a + b))


def only_this_machine_may_ask(run):
    """A page of another site cannot read the map, nor kill the bridge. Ctrl-C ends everything."""
    example = Example(run, "ride-hailing", "--kafka=mock", "--drivers=50")
    example.said("drivers are on the road")

    def status(path, method="GET", **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{example.port}{path}", method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as failure:
            return failure.code
    pid = example.penstock_pid()
    expect_equal(status("/city", Host="evil.example"), 403, "a name that leads here")
    expect_equal(status("/kill", "POST", Origin="http://evil.example"), 403, "a foreign page")
    expect_equal([status(path) for path in ("/", "/map.js", "/../main.py", "/main.py", "/kill")], [200, 200, 404, 404, 404], "files")
    os.kill(pid, 0)
    expect_equal(len(example.family()), 4, "redis, kafka, penstock and the city")
    expect_equal(example.end(signal.SIGINT), 130, "the exit status of Ctrl-C")
    expect_equal(os.listdir(example.folder), [], "what is left in the temporary folder")


def its_configuration_is_clean(_run):
    """penstock check finds no mistake and gives no warning."""
    done = subprocess.run([os.path.join(BUILD, "penstock"), "check", "--strict", os.path.join(FOLDER, "penstock.conf")],
                          capture_output=True, text=True, check=False)
    expect_equal((done.returncode, done.stderr), (0, ""), "check --strict")


if __name__ == "__main__":
    main(its_configuration_is_clean, the_city_can_be_driven, a_day_follows_from_its_seed, drivers_keep_to_the_streets,
         a_driver_that_goes_offline_disappears, a_killed_bridge_loses_no_trip, nearby_is_what_is_near, only_this_machine_may_ask)
