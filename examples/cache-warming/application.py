"""The application: a shop's lookups, answered from the cache alone; it never asks the database.

    GET /product?id=7            the row
    GET /category?name=pipes     how many products it has, and the first of them
    GET /customer?id=7

It is started when the cache is warm, so "there is none" is the truth and no reason to ask the database.
"""
import argparse
import json
import signal
import threading

from stage.redis import Redis
from stage.web import Web


class Shop:
    """Lookups; each has a connection of its own, so that one that was lost harms no other."""

    def __init__(self, redis_port):
        self._redis_port = redis_port

    def _ask(self, *commands):
        redis = Redis(self._redis_port)
        try:
            return redis.all(commands)
        finally:
            redis.close()

    def product(self, id):  # pylint: disable=redefined-builtin
        row, = self._ask(("GET", f"product:{int(id)}"))
        return json.loads(row) if row else None

    def category(self, name):
        ids, = self._ask(("SMEMBERS", f"products:in:{name}"))
        first = sorted(map(int, ids))[:10]
        rows = self._ask(*(("GET", f"product:{number}") for number in first))
        # A row that was deleted since is gone from the index a moment later: skip it.
        return {"count": len(ids), "first": [json.loads(row) for row in rows if row]}

    def customer(self, id):  # pylint: disable=redefined-builtin
        fields, = self._ask(("HGETALL", f"customer:{int(id)}"))
        return dict(zip(fields[::2], fields[1::2])) or None

    def size(self):
        return self._ask(("SCARD", "products"))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redis", type=int, required=True, metavar="PORT")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    shop = Shop(options.redis)
    print(f"started with {shop.size()} products in the cache", flush=True)
    Web(options.port, {}, {("GET", "/product"): shop.product, ("GET", "/category"): shop.category,
                           ("GET", "/customer"): shop.customer}, {})
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop = threading.Event()
    stop.wait()


if __name__ == "__main__":
    main()
