"""A table of a database becomes a cache, and the application starts when the cache is warm.

On the terminal you are at the database's console:

    insert                     a new product
    set ID COLUMN VALUE        changes a column: name, category, price_cents, stock
    delete ID                  deletes a product: an event with op "d", and a tombstone
    show ID                    the row, in the database and in the cache
    quit                       ends everything; so does Ctrl-C
"""
import argparse
import os
import select
import sys

from application import Shop
from stage import servers
from stage.kafka import Producer
from stage.stage import Failure, Stage, free_port
from table import CUSTOMERS, PRODUCTS, Database

HERE = os.path.dirname(os.path.abspath(__file__))
TOPICS = {PRODUCTS: (4, {"cleanup_policy": "compact"}), CUSTOMERS: (2, {"cleanup_policy": "compact"})}
REAL_ROWS, MOCK_ROWS = 100000, 20000  # penstock mock keeps the newest 5 MiB of a partition


def say(text=""):
    print(text, flush=True)


class Example:
    """The programs, in the order of their start."""

    def __init__(self, stage, options):
        self.console_open, self.typed = True, b""
        self.redis_port, self.admin_port = servers.start_redis(stage), free_port()
        brokers, what = servers.start_kafka(stage, options.kafka, TOPICS)
        rows = options.rows or (MOCK_ROWS if what == "penstock mock" else REAL_ROWS)
        say(f"Kafka is {what} on {brokers}, Redis listens on 127.0.0.1:{self.redis_port}")
        self.database = Database(Producer(brokers), rows, min(rows, 500), options.seed)
        say(f"The database writes the snapshot of its tables to Kafka: {rows} products, {len(self.database.customers)} customers")
        self.database.snapshot()
        if options.changes:
            self.database.changes(options.changes)
        self.penstock = servers.start_penstock(stage, os.path.join(HERE, "penstock.conf"), brokers, self.redis_port, self.admin_port)
        say(f"penstock is process {self.penstock.process.pid}; http://127.0.0.1:{self.admin_port}/startupz says how far it is")
        self.progress = None
        stage.wait_for(self.penstock, 600, "warm cache", self._is_warm)
        port = options.port or free_port()
        self.application = stage.start("application", [sys.executable, "-B", os.path.join(HERE, "application.py"),
                                                       "--redis", str(self.redis_port), "--port", str(port)])
        stage.wait_for(self.application, 30, "start of the application", lambda: "started" in self.application.log())
        say(f"The cache is warm; the application has {self.application.log().strip()}")
        say(f"\n    curl 'http://127.0.0.1:{port}/product?id=7'\n    curl 'http://127.0.0.1:{port}/category?name=pipes'\n"
            f"    kill -9 {self.penstock.process.pid}     # penstock, which starts again and goes on where it was\n")

    def _is_warm(self):
        """What Kubernetes' startup probe asks, and what READY=1 says under systemd."""
        status, text = servers.probe(self.admin_port, "/startupz")
        for line in text.splitlines():
            if line.startswith("[-]warm: ") and line != self.progress:
                self.progress = line
                say("    " + line.removeprefix("[-]"))
        return status == 200

    def console(self):
        """Runs what was typed at the database's console since the last call."""
        while self.console_open and select.select([0], [], [], 0)[0]:
            typed = os.read(0, 4096)
            self.console_open = bool(typed)
            *lines, self.typed = (self.typed + typed).split(b"\n")
            for line in lines:
                self._run_line(line.decode(errors="replace"))

    def _run_line(self, line):
        try:
            self._run(line.split())
        except (KeyError, ValueError, OSError):
            say("there is no such product, column or command; --help lists the commands")

    def _run(self, words):
        match words:
            case []:
                pass
            case ["insert"]:
                say(f"product {self.database.insert()} is new")
            case ["set", number, ("name" | "category") as column, *value] if value:
                self.database.update(int(number), **{column: " ".join(value)})
            case ["set", number, ("price_cents" | "stock") as column, value]:
                self.database.update(int(number), **{column: int(value)})
            case ["delete", number]:
                self.database.delete(int(number))
            case ["show", number]:
                say(f"database  {self.database.products.get(int(number))}")
                say(f"cache     {Shop(self.redis_port).product(number)}")
            case ["quit"]:
                sys.exit(0)
            case _:
                raise ValueError(words)


def main():
    parser = argparse.ArgumentParser(prog="examples/cache-warming/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, help=f"products in the database ({REAL_ROWS}; with the mock {MOCK_ROWS})")
    parser.add_argument("--changes", type=float, default=20, help="random changes a second (20); 0: none")
    parser.add_argument("--port", type=int, help="the application's port (a free one)")
    parser.add_argument("--kafka", choices=("auto", "real", "mock"), default="auto",
                        help="auto: Apache Kafka if Java and its jars are here (scripts/test kafka), else penstock mock")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        with Stage("cache-warming") as stage:
            example = Example(stage, options)
            stage.watch(example.console)
    except Failure as failure:
        sys.exit(f"examples/cache-warming: {failure}")


if __name__ == "__main__":
    main()
