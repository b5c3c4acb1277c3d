"""Drivers and riders of a made-up city, live in Redis and on a map.

Starts a Redis, a Kafka, penstock, the simulated city and a web server on this machine, and prints the address of
the page. Ctrl-C ends everything.
"""
import argparse
import json
import os
import signal
import subprocess
import sys

from city import City
from simulator import POSITIONS, RIDES, TRIPS
from stage import servers
from stage.stage import Failure, Stage, free_port
from stage.web import Web
from view import RIDE_PARTITIONS, View

HERE = os.path.dirname(os.path.abspath(__file__))
TOPICS = {POSITIONS: (8, {}), RIDES: (RIDE_PARTITIONS, {}), TRIPS: (4, {})}


def say(text=""):
    print(text, flush=True)


class Example:
    """The programs, in the order of their start."""

    def __init__(self, stage, options):
        redis_port, admin_port = servers.start_redis(stage), free_port()
        brokers, what = servers.start_kafka(stage, options.kafka, TOPICS)
        say(f"Kafka is {what} on {brokers}, Redis listens on 127.0.0.1:{redis_port}")
        self.penstock = servers.start_penstock(stage, os.path.join(HERE, "penstock.conf"), brokers, redis_port, admin_port)
        say(f"penstock is process {self.penstock.process.pid}; http://127.0.0.1:{admin_port}/metrics")
        stage.wait_for(self.penstock, 60, "ready penstock", lambda: servers.probe(admin_port, "/readyz")[0] == 200)
        self.truth = os.path.join(stage.folder, "truth.json")
        self.paused = False
        self.simulator = stage.start("city", [
            sys.executable, "-B", os.path.join(HERE, "simulator.py"), "--brokers", brokers, "--truth", self.truth,
            "--drivers", str(options.drivers), "--seed", str(options.seed)], stdin=subprocess.PIPE)
        view = View(redis_port, self.outside)
        drawing = City(options.seed).drawing()
        web = Web(options.port or 0,
                  files={path: os.path.join(HERE, "web", name) for path, name in
                         {"/": "index.html", **{f"/{name}": name for name in os.listdir(os.path.join(HERE, "web"))}}.items()},
                  calls={("GET", "/city"): lambda: drawing, ("GET", "/nearby"): view.nearby, ("GET", "/driver"): view.driver,
                         ("POST", "/driver/offline"): lambda id: self.order("offline", id),
                         ("POST", "/pause"): self.pause, ("POST", "/resume"): self.resume, ("POST", "/kill"): self.kill},
                  feeds={"/live": view.feed})
        say(f"{options.drivers} drivers are on the road. The map:\n\n    http://127.0.0.1:{web.server_port}/\n")

    def outside(self):
        """What the page shows beside Redis: what was really driven, and how penstock does."""
        try:
            with open(self.truth, encoding="ascii") as file:
                truth = json.load(file)
        except FileNotFoundError:
            truth = {}
        return {"driven": truth, "paused": self.paused,
                "penstock": {"pid": self.penstock.process.pid, "running": self.penstock.running}}

    def order(self, *words):
        self.simulator.process.stdin.write((" ".join(words) + "\n").encode())
        self.simulator.process.stdin.flush()

    def pause(self):
        self.paused = True
        self.order("pause")

    def resume(self):
        self.paused = False
        self.order("resume")

    def kill(self):
        """kill -9, to see that nothing is lost."""
        if self.penstock.running:
            self.penstock.process.send_signal(signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(prog="examples/ride-hailing/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drivers", type=int, default=2000, help="how many (2000); each reports once a second")
    parser.add_argument("--seed", type=int, default=1, help="another number, another city (1)")
    parser.add_argument("--port", type=int, help="the page's port (a free one)")
    parser.add_argument("--kafka", choices=("auto", "real", "mock"), default="auto",
                        help="auto: Apache Kafka if Java and its jars are here (scripts/test kafka), else penstock mock")
    options = parser.parse_args()
    try:
        with Stage("ride-hailing") as stage:
            Example(stage, options)
            stage.watch()
    except Failure as failure:
        sys.exit(f"examples/ride-hailing: {failure}")


if __name__ == "__main__":
    main()
