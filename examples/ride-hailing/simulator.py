"""The drivers and riders of the city. Every tenth of a second a tenth of the drivers moves on by a second and reports.

What happens follows from the seed; only the times are those of the clock. One line of standard input is an order:

    offline ID     the driver goes offline: at once, or behind the ride
    pause          nothing moves and nothing is reported until `resume`

TRUTH.json is what was driven: {week: {"trips": ..., "cents": ...}}.
"""
import argparse
import collections
import json
import math
import os
import queue
import random
import signal
import sys
import threading
import time

from city import City
from stage.kafka import Producer

POSITIONS, RIDES, TRIPS = "driver.positions", "ride.events", "trips"
TICKS = 10  # a second
DAY = 86400.0
BUSY_AT_START = 0.3


class Driver:
    """One driver on the way from one place to the next."""

    def __init__(self, name, node):
        self.name = name
        self.node, self.came_from, self.edge, self.done = node, None, None, 0.0
        self.way = collections.deque()
        self.status = "free"
        self.ride = None
        self.back_at = None  # the tick at which a driver that is offline comes back
        self.leaves = False  # behind the ride


class Ride:
    """One ride; `way` leads to where it begins, then to where it ends."""

    def __init__(self, name, start, end):
        self.name, self.start, self.end = name, start, end
        self.driver = None
        self.metres = 0.0


class Simulator:
    """The whole town; `tick()` is a tenth of a second."""

    def __init__(self, city, producer, drivers, seed, truth):
        self._city, self._producer, self._truth_path = city, producer, truth
        self._random = random.Random(seed)
        self._drivers = [self._new_driver(f"d{number}") for number in range(1, drivers + 1)]
        self._by_name = {driver.name: driver for driver in self._drivers}
        self._waiting = collections.deque()  # (tick, ride) that wait for a driver
        self._ticks = self._rides = 0
        self._truth = {}
        self._history()
        for driver in self._random.sample(self._drivers, int(drivers * BUSY_AT_START)):
            self._start_on_trip(driver)

    # --- time ------------------------------------------------------------------------------------

    def tick(self):
        self._ticks += 1
        rides = len(self._drivers) / 400 / TICKS  # five a second for two thousand drivers
        if self._random.random() < rides % 1:
            rides += 1
        for _ in range(int(rides)):
            self._request()
        while self._waiting and self._waiting[0][0] <= self._ticks:
            self._dispatch(self._waiting.popleft()[1])
        for driver in self._drivers[self._ticks % TICKS::TICKS]:
            self._second_of(driver)
        self._producer.poll()

    def _second_of(self, driver):
        if driver.status == "offline":
            if self._ticks < driver.back_at:
                return
            driver.status = "free"
        elif driver.status == "free" and self._random.random() < 1 / 500:
            self.offline(driver)
            return
        self._move(driver)
        if driver.leaves and driver.status == "free":
            self.offline(driver)
        else:
            self._report(driver)

    # --- drivers ---------------------------------------------------------------------------------

    def _new_driver(self, name):
        """Somewhere between two crossings."""
        driver = Driver(name, self._random.choice(self._city.drivable))
        driver.edge = self._random.choice(self._city.edges[driver.node])
        driver.done = self._random.random() * driver.edge.length
        return driver

    def _move(self, driver):
        left = 1.0  # seconds
        while left > 0:
            if driver.edge is None:
                if driver.ride and not driver.way:
                    self._arrived(driver)
                driver.edge, driver.done = self._next_edge(driver), 0.0
            edge = driver.edge
            metres = min(left * edge.speed, edge.length - driver.done)
            driver.done += metres
            left -= max(metres / edge.speed, 1e-3)
            if driver.status == "on_trip":
                driver.ride.metres += metres
            if driver.done >= edge.length - 1e-6:
                driver.came_from, driver.node, driver.edge = driver.node, edge.to, None

    def _next_edge(self, driver):
        edges = self._city.edges[driver.node]
        if driver.way:
            there = driver.way.popleft()
            return next(edge for edge in edges if edge.to == there)
        ahead = [edge for edge in edges if edge.to != driver.came_from]
        return self._random.choice(ahead or edges)

    def _position(self, driver):
        x, y = self._city.places[driver.node]
        if driver.edge is None:
            return x, y, 0.0
        there = self._city.places[driver.edge.to]
        part = driver.done / driver.edge.length
        return x + (there[0] - x) * part, y + (there[1] - y) * part, math.degrees(math.atan2(there[0] - x, there[1] - y)) % 360

    def _report(self, driver):
        x, y, heading = self._position(driver)
        lon, lat = self._city.geo(x, y)
        self._producer.send(POSITIONS, driver.name,
                            f'{{"driver_id":"{driver.name}","status":"{driver.status}","lat":{lat:.6f},"lon":{lon:.6f},'
                            f'"heading":{heading:.0f},"corner":"{self._city.corners[driver.node]}","at":{_now()}}}')

    def offline(self, driver):
        """Most say so; of every fourth the company deletes the record."""
        driver.leaves, driver.status, driver.back_at = False, "offline", self._ticks + self._random.randrange(40, 120) * TICKS
        if self._random.random() < 0.25:
            self._producer.send(POSITIONS, driver.name, None)
        else:
            self._report(driver)

    # --- rides -----------------------------------------------------------------------------------

    def _request(self):
        self._rides += 1
        start, end = self._random.sample(self._city.drivable, 2)
        while not 400 < math.dist(self._city.places[start], self._city.places[end]) < 2400:
            start, end = self._random.sample(self._city.drivable, 2)
        ride = Ride(f"r{self._rides}", start, end)
        self._event(ride, "requested")
        self._waiting.append((self._ticks + 2 * TICKS, ride))

    def _dispatch(self, ride):
        """The nearest free driver takes it; without one it waits on. Some riders give up."""
        free = [driver for driver in self._drivers if driver.status == "free"]
        if self._random.random() < 0.05:
            self._event(ride, "cancelled")
            return
        if not free:
            self._waiting.append((self._ticks + TICKS, ride))
            return
        place = self._city.places[ride.start]
        driver = min(free, key=lambda driver: math.dist(self._city.places[driver.node], place))
        driver.status, driver.ride, ride.driver = "on_the_way", ride, driver
        self._send_to(driver, ride.start)
        self._event(ride, "accepted")

    def _send_to(self, driver, goal):
        """From the next crossing on: nobody turns in the middle of a one-way street."""
        start = driver.edge.to if driver.edge else driver.node
        driver.way = collections.deque(self._city.route(start, goal) if start != goal else ())

    def _arrived(self, driver):
        ride = driver.ride
        if driver.status == "on_the_way":
            if self._random.random() < 0.04:
                self._event(ride, "cancelled")
                driver.status, driver.ride = "free", None
                return
            driver.status = "on_trip"
            self._send_to(driver, ride.end)
            self._event(ride, "picked_up")
        elif driver.status == "on_trip":
            self._event(ride, "completed")
            self._trip(ride.name, driver.name, ride.metres, ride.start, ride.end, _now())
            driver.status, driver.ride = "free", None

    def _start_on_trip(self, driver):
        """When the curtain rises, some are on the way already."""
        self._rides += 1
        ride = Ride(f"r{self._rides}", driver.node, self._random.choice(self._city.drivable))
        if ride.start == ride.end:
            return
        ride.driver, driver.ride, driver.status = driver, ride, "on_trip"
        driver.edge = None
        self._send_to(driver, ride.end)
        for _ in range(self._random.randrange(len(driver.way))):  # somewhere along it
            driver.node = driver.way.popleft()
        self._event(ride, "picked_up")

    def _event(self, ride, status):
        self._producer.send(RIDES, ride.name, json.dumps(
            {"ride_id": ride.name, "status": status, "driver_id": ride.driver and ride.driver.name,
             "from": self._city.corners[ride.start], "to": self._city.corners[ride.end], "at": _now()}))

    # --- trips -----------------------------------------------------------------------------------

    def _trip(self, name, driver, metres, start, end, at):
        cents = 250 + int(metres * 0.17)
        week = self._truth.setdefault(time.strftime("%G-W%V", time.gmtime(at / 1000)), {"trips": 0, "cents": 0})
        week["trips"] += 1
        week["cents"] += cents
        self._write_truth()  # first: what Redis has beyond it is there twice
        self._producer.send(TRIPS, name, json.dumps(
            {"trip_id": name, "driver_id": driver, "fare_cents": cents, "from": self._city.corners[start],
             "to": self._city.corners[end], "completed_at": at}))

    def _history(self):
        """Trips of the last ten days, whose records come only now."""
        diligent = self._random.sample(self._drivers, min(40, len(self._drivers)))
        for number in range(1, 601):
            start, end = self._random.sample(self._city.drivable, 2)
            self._trip(f"h{number}", self._random.choice(diligent).name, self._random.uniform(500, 6000), start, end,
                       _now() - int(self._random.random() * 10 * DAY * 1000))

    def _write_truth(self):
        """In one step: a reader sees the old or the new."""
        with open(self._truth_path + ".new", "w", encoding="ascii") as file:
            json.dump(self._truth, file)
        os.replace(self._truth_path + ".new", self._truth_path)

    def sign_off(self, name):
        driver = self._by_name.get(name)
        if driver and driver.status == "free":
            self.offline(driver)
        elif driver and driver.status != "offline":
            driver.leaves = True


def _now():
    return int(time.time() * 1000)


def _read_orders(orders):
    for line in sys.stdin:
        orders.put(line.split())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--drivers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--truth", required=True, metavar="FILE")
    options = parser.parse_args()
    orders = queue.SimpleQueue()
    threading.Thread(target=_read_orders, args=(orders,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    producer = Producer(options.brokers)
    simulator = Simulator(City(options.seed), producer, options.drivers, options.seed, options.truth)
    running, due = True, time.monotonic()
    while True:
        while not orders.empty():
            match orders.get():
                case ["pause"]:
                    running = False
                case ["resume"]:
                    running = True
                case ["offline", name]:
                    simulator.sign_off(name)
        if running:
            simulator.tick()
        due = max(due + 1 / TICKS, time.monotonic() - 1)  # a machine that was busy for longer is not hurried
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
