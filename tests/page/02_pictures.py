#!/usr/bin/env python3
"""The pictures of the page that the documentation shows: build/e2e/pictures/.

They show as many seconds of a bridge as PENSTOCK_TEST_SECONDS says (40); those in docs/images/ were taken with 170.
"""
import json
import math
import os
import random
import shutil
import tempfile
import threading
import time

from browser import PHONE, View, chromium
from harness import Penstock, Record, conf, expect, main, route, wait_until
from harness.child import BUILD
from harness.kafka import frame

SECONDS = int(os.environ.get("PENSTOCK_TEST_SECONDS", "40"))
FOLDER = os.path.join(BUILD, "e2e", "pictures")
CITIES = ["scl", "lim", "bog", "mvd"]
TOKEN = "a-token-of-the-test"
STEP = 0.05

ROUTES = [
    route("driver_geo", "driver.location", [("status == 'offline'", "ZREM drivers:%{city} %{driver}"),
                                            "GEOADD drivers:%{city} %{lon} %{lat} %{driver}"], format="json"),
    route("rides_cache", "ride.status", ["SET ride:%{$key} %{status}"], format="json", ttl="24h", on_error="stop"),
    route("trips", "trip.completed", ["ZINCRBY top:%{city} %{fare} %{driver}",
                                      "XADD trips:%{city} MAXLEN ~ 100000 * trip %{trip} fare %{fare}"],
          format="json", delivery="exactly_once", all=True),
]


class City(threading.Thread):
    """Drivers, rides and trips of a few cities, more or fewer from minute to minute."""

    def __init__(self, run, kafka):
        super().__init__(daemon=True)
        self.producer, self.done, self.began, self.count = run.producer(kafka), threading.Event(), time.monotonic(), 0
        self.start()

    def send(self, topic, partitions, per_second, value):
        records = []
        for _ in range(int(per_second * STEP + random.random())):
            self.count += 1
            records.append(frame(Record(self.count % partitions, b"r%d" % (self.count % 5000), json.dumps(value(self.count)).encode(),
                                        timestamp=int(time.time() * 1000))))
        self.producer.send(topic, b"".join(records))

    def run(self):
        while not self.done.wait(STEP):
            wave = 1 + .25 * math.sin((time.monotonic() - self.began) / 23) + .1 * math.sin((time.monotonic() - self.began) / 5)
            self.send("driver.location", 6, 1400 * wave, lambda n: {
                "driver": f"d{n % 3000}", "city": CITIES[n % 4], "lat": -33.4, "lon": -70.6, "status": "offline" if n % 60 == 0 else "free"})
            self.send("ride.status", 4, 160 * wave, lambda n: {"status": ["asked", "matched", "riding", "done"][n % 4]})
            self.send("trip.completed", 2, 40 * wave, lambda n: {"driver": f"d{n % 3000}", "city": CITIES[n % 4], "trip": f"t{n}", "fare": n % 40 + 3})

    def stop(self):
        self.done.set()
        self.join()
        self.producer.close()


def pictures_are_taken(run):
    """Of a bridge that is well, and of one with a held partition."""
    kafka, redis = run.kafka(), run.redis()
    for topic, partitions in ("driver.location", 6), ("ride.status", 4), ("trip.completed", 2):
        kafka.create(topic, partitions)
    folder = tempfile.mkdtemp(prefix="rides-")  # its path is seen in a picture
    penstock = Penstock(folder, conf(kafka, redis.url, run.group, ROUTES, source="workers = 2;"), admin=f'token = "{TOKEN}";')
    run.made.append(penstock)
    os.makedirs(FOLDER, exist_ok=True)
    city, began = City(run, kafka), time.monotonic()
    with chromium(FONTCONFIG_FILE=os.path.join(os.path.dirname(os.path.abspath(__file__)), "fonts.conf")) as browser:
        view = View(browser, penstock.port)
        time.sleep(SECONDS / 3)
        redis.hang()  # for a moment
        time.sleep(4)
        redis.resume()
        time.sleep(max(0, SECONDS - (time.monotonic() - began)))
        view.waits_for_state("well")
        others = {"page-dark": View(browser, penstock.port, scheme="dark"), "page-phone": View(browser, penstock.port, PHONE)}
        time.sleep(4)
        for name, other in {"page": view, **others}.items():
            other.waits_for_state("well")
            other.picture(FOLDER, name)
        view.tab.evaluate(f"sessionStorage.setItem('token', '{TOKEN}')")
        another = run.producer(kafka)
        another.send("ride.status", frame(Record(3, b"x", b'{"state":"riding"}', timestamp=int(time.time() * 1000))))
        another.close()
        view.waits_for_state("bad")
        time.sleep(6)
        view.picture(FOLDER, "page-held")
        expect("partition ride.status[3]" in view.verdict(), view.verdict())
        for name in "page", "page-dark", "page-phone", "page-held":
            expect(os.path.getsize(os.path.join(FOLDER, name + ".png")) > 20000, f"{name} is a picture")
    city.stop()
    wait_until(lambda: penstock.scrape().lag < 1000, 30, "it catches up")
    penstock.stop()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(pictures_are_taken)
