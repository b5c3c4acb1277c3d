#!/usr/bin/env python3
"""examples/cache-warming: change events become a cache, and the application starts when it is warm."""
import json
import os
import signal
import subprocess
import time

from example import Example, read
from harness import expect, expect_equal, main, wait_until
from harness.child import BUILD, SOURCE
from harness.metrics import Scrape, fetch

ROWS, CUSTOMERS = 20000, 500
TOPICS = (("shop.public.products", 4), ("shop.public.customers", 2))


def _tables(brokers):
    """({id: product}, {id: customer}) as the topics say: the last word for each key."""
    tables = []
    for topic, partitions in TOPICS:
        rows = {}
        for _, _, key, payload in read(brokers, topic, partitions):
            number = json.loads(key).get("payload", json.loads(key))["id"]
            event = json.loads(payload) if payload else {"after": None}
            rows[number] = event.get("payload", event)["after"]
        tables.append({number: row for number, row in rows.items() if row})
    return tables


def _keys(redis, pattern):
    cursor, found = b"0", set()
    while True:
        cursor, part = redis.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 10000)
        found.update(part)
        if cursor == b"0":
            return found


def _differences(redis, products, customers):
    """In what the cache is not the tables: rows, the index of all rows, and those by category."""
    wrong = []
    ids = sorted(products)
    for number, row in zip(ids, redis.ask_all([("GET", f"product:{number}") for number in ids])):
        if row is None or json.loads(row) != products[number]:
            wrong.append(f"product:{number} is {row}")
    for number, fields in zip(customers, redis.ask_all([("HGETALL", f"customer:{number}") for number in customers])):
        got = dict(zip(map(bytes.decode, fields[::2]), map(bytes.decode, fields[1::2])))
        if got != {"name": customers[number]["name"], "email": customers[number]["email"] or ""}:
            wrong.append(f"customer:{number} is {got}")
    indexes = {"products": set(products)}
    for number, row in products.items():
        indexes.setdefault(f"products:in:{row['category']}", set()).add(number)
    for name, members in indexes.items():
        got = set(map(int, redis.ask("SMEMBERS", name)))
        if got != members:
            wrong.append(f"{name} has not {sorted(members - got)[:5]}, and has {sorted(got - members)[:5]}")
    expected = {f"product:{number}" for number in ids} | {f"customer:{number}" for number in customers} | indexes.keys()
    more = {key.decode() for key in _keys(redis, "*") if not key.startswith(b"penstock")} - expected
    return wrong + [f"{key} is there" for key in more]


def _wait_equal(example, redis):
    """Waits until the cache is what the topics say; the products."""
    products, customers = _tables(example.brokers())
    wait_until(lambda: not _differences(redis, products, customers), 30,
               lambda: f"the cache is the tables: {_differences(redis, products, customers)[:5]}", every=0.2)
    return products


def the_application_starts_when_the_cache_is_warm(run):
    """At its first answer every row is in the cache; it answers as the database would."""
    example = Example(run, "cache-warming", "--kafka=real", f"--rows={ROWS}", "--changes=0")
    redis = example.redis()
    wait_until(lambda: example.ask("/product?id=1")[0], 120, "the application answers", every=0.01)
    expect_equal(redis.ask("SCARD", "products"), ROWS, "products when the application answers")
    expect_equal(len(_keys(redis, "product:*")), ROWS, "their rows")
    expect_equal(len(_keys(redis, "customer:*")), CUSTOMERS, "customers")
    example.said(r"The cache is warm; the application has started with 20000 products")
    products = _wait_equal(example, redis)
    expect_equal(example.ask("/product?id=7"), (200, products[7]), "a lookup")
    expect_equal(example.ask(f"/product?id={ROWS + 1}"), (200, None), "of a row that is not there")
    pipes = [row for number, row in sorted(products.items()) if row["category"] == "pipes"]
    expect_equal(example.ask("/category?name=pipes"), (200, {"count": len(pipes), "first": pipes[:10]}), "of a category")


def changes_and_deletes_reach_the_cache(run):
    """A column changes, a row comes, a row goes; a tombstone alone deletes, too."""
    example = Example(run, "cache-warming", "--kafka=real", "--rows=300", "--changes=0")
    redis = example.redis()
    example.said("The cache is warm")
    before = _wait_equal(example, redis)
    moved = "seals" if before[7]["category"] != "seals" else "pipes"
    example.type("set 7 price_cents 4", f"set 7 category {moved}", "delete 9", "insert", "set 9 stock 1", "nonsense")
    example.said("product 301 is new", 10)
    example.said(r"(?s)(there is no such product.*){2}", 10)
    products = _wait_equal(example, redis)
    expect_equal(products[7], {**before[7], "price_cents": 4, "category": moved}, "the changed row")
    expect(9 not in products and 301 in products, "one came, one went")
    last = [payload for _, _, key, payload in read(example.brokers(), *TOPICS[0]) if json.loads(key) == {"id": 9}][-2:]
    expect(json.loads(last[0])["op"] == "d" and last[1] is None, f"a delete is an event and a tombstone: {last}")
    subprocess.run(["kcat", "-P", "-b", example.brokers(), "-t", TOPICS[0][0], "-K", "|", "-Z", "-X",
                    "partitioner=murmur2_random"], input=b'{"id":11}|\n', check=True)
    wait_until(lambda: redis.ask("EXISTS", "product:11") == 0, 20, "a tombstone deletes")
    expect_equal(redis.ask("SISMEMBER", "products", 11), 0, "and takes the row out of the index")
    expect_equal(example.ask("/product?id=11"), (200, None), "the application's answer")


def a_killed_bridge_goes_on_from_the_committed_offset(run):
    """kill -9, with changes before, during and after: the cache is the tables, and was not read again."""
    example = Example(run, "cache-warming", "--kafka=real", f"--rows={ROWS}", "--changes=0")
    redis = example.redis()
    example.said("The cache is warm")
    admin = int(example.said(r"http://127\.0\.0\.1:(\d+)/startupz")[1])
    time.sleep(1)  # longer than commit_interval
    example.type(*[f"set {number} stock {number * 3}" for number in range(1, 101)])
    example.kill_penstock()
    example.type(*[f"set {number} stock {number * 5}" for number in range(51, 151)], "delete 1", "delete 51")
    wait_until(lambda: _status(admin, "/startupz") == 200, 30, "it is warm again")
    example.type(*[f"set {number} stock {number * 7}" for number in range(101, 201)], "insert")
    example.said(f"product {ROWS + 1} is new", 10)
    products = _wait_equal(example, redis)
    expect_equal([products[number]["stock"] for number in (2, 60, 120, 180)], [6, 300, 840, 1260], "what was typed")
    again = Scrape(fetch(admin, "/metrics")[1]).total("penstock_kafka_records_consumed_total")
    expect(again < ROWS / 4, f"it read {again} records after the kill, and not the whole table")
    run.note(f"{again:.0f} records were read after the kill")


def _status(port, path):
    try:
        return fetch(port, path)[0]
    except OSError:
        return 0


def _ends_by(run, number, status):
    example = Example(run, "cache-warming", "--kafka=mock", "--rows=100")
    example.said("The cache is warm")
    expect_equal(len(example.family()), 4, "redis, kafka, penstock and the application run")
    expect_equal(example.end(number), status, "the exit status")
    return example


def ctrl_c_ends_it(run):
    """No process stays, and no file."""
    expect_equal(os.listdir(_ends_by(run, signal.SIGINT, 130).folder), [], "what is left in the temporary folder")


def a_signal_ends_it(run):
    """No process stays, and no file."""
    expect_equal(os.listdir(_ends_by(run, signal.SIGTERM, 143).folder), [], "what is left in the temporary folder")


def kill_9_ends_what_it_started(run):
    """No process stays."""
    _ends_by(run, signal.SIGKILL, -9)


def its_configuration_is_clean(_run):
    """penstock check finds no mistake and gives no warning."""
    done = subprocess.run([os.path.join(BUILD, "penstock"), "check", "--strict",
                           os.path.join(SOURCE, "examples/cache-warming/penstock.conf")],
                          capture_output=True, text=True, check=False)
    expect_equal((done.returncode, done.stderr), (0, ""), "check --strict")


if __name__ == "__main__":
    main(its_configuration_is_clean, the_application_starts_when_the_cache_is_warm, changes_and_deletes_reach_the_cache,
         a_killed_bridge_goes_on_from_the_committed_offset, ctrl_c_ends_it, a_signal_ends_it, kill_9_ends_what_it_started)
