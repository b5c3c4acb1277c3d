#!/usr/bin/env python3
"""Every family of Redis' commands from one configuration, with `ttl`, and with `del`."""
import json

from harness import Log, Record, conf, expect, expect_equal, main, route

HOUR_MS = 3_600_000

DRIVERS = [
    {"id": "d1", "name": "Ada", "city": "oslo", "lon": 10.75, "lat": 59.91, "score": 12.5, "n": 3},
    {"id": "d2", "name": "Bo \"q\" %{id}", "city": "oslo", "lon": 10.39, "lat": 63.43, "score": 7,
     "n": -2},
    {"id": "d1", "name": "Ada L\u00f8v", "city": "oslo", "lon": 10.76, "lat": 59.92,
     "score": 13.25, "n": 10, "keep": "2 s"},
    {"id": "gone", "name": "G", "city": "oslo", "lon": 1, "lat": 2, "score": 1, "n": 1},
]


def routes(topic):
    """A route a family; each sees every record."""
    def family(name, command, **options):
        return route(name, topic, [command], format="json", key_format="raw", **options)

    return [
        family("string", "SET s:%{id} %{name}", ttl="1h", **{"del": "UNLINK s:%{$key}"}),
        family("counter", "INCRBY c:%{id} %{n}", ttl="1h", **{"del": "DEL c:%{$key}"}),
        family("hash", "HSET h:%{id} %{*}", ttl="1h", **{"del": "UNLINK h:%{$key}"}),
        family("list", "RPUSH l:%{id} %{name}", ttl="1h", **{"del": "DEL l:%{$key}"}),
        family("set", "SADD set:%{city} %{id} %{name|upper}", ttl="1h",
               **{"del": "SREM set:oslo %{$key} G"}),
        family("zset", "ZADD z:%{city} %{score} %{id}", ttl="1h",
               **{"del": "ZREM z:oslo %{$key}"}),
        family("geo", "GEOADD g:%{city} %{lon} %{lat} %{id}", ttl="1h",
               **{"del": "ZREM g:oslo %{$key}"}),
        family("stream", "XADD x:%{city} MAXLEN ~ 1000 * id %{id} name %{name}", ttl="1h",
               **{"del": "XADD x:deleted * id %{$key}"}),
        family("pubsub", "PUBLISH feed %{*|json}", **{"del": "PUBLISH feed %{$key}"}),
        family("own_ttl", "SET t:%{id} %{n}", ttl="%{ttl|default('1h')}",
               **{"del": "UNLINK t:%{$key}"}),
        family("default_del", "HSET dd:%{$key} n %{n}"),
    ]


def every_family_does_its_work(run):
    """Strings, counters, hashes, lists, sets, sorted sets, geo, streams, pub/sub; over a socket."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    subscriber = redis.connect()
    expect_equal(subscriber.ask("SUBSCRIBE", "feed"), [b"subscribe", b"feed", 1], "subscribing")
    values = [json.dumps(driver).encode() for driver in DRIVERS]
    records = [Record(0, driver["id"].encode(), value) for driver, value in zip(DRIVERS, values)]
    records.append(Record(0, b"gone", None))
    log = Log(run.topic, 1, 1, run.random)
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(log.add(record) for record in records))
    producer.close()
    penstock = run.penstock(conf(kafka, redis.unix_url, run.group, routes(run.topic)))
    log.wait_committed(kafka, run.group, 60)

    judge_values(redis)
    judge_expiry(redis)
    for wanted in [*values, b"gone"]:
        expect_equal(subscriber.read(), [b"message", b"feed", wanted], "what the subscriber got")
    scrape = penstock.scrape()
    for line in routes(run.topic):
        name = line.split('"')[1]
        expect_equal(scrape.outcome("written", name), len(records), f"written by {name}")
    expect_equal(penstock.stop(), 0, "exit status")


def judge_values(redis):
    ask = redis.ask
    expect_equal(ask("GET", "s:d1"), "Ada L\u00f8v".encode(), "string")
    expect_equal(ask("GET", "s:d2"), b'Bo "q" %{id}', "a text that looks like a template")
    expect_equal([ask("GET", "c:d1"), ask("GET", "c:d2")], [b"13", b"-2"], "counters")
    fields = ask("HGETALL", "h:d2")
    expect_equal(dict(zip(fields[::2], fields[1::2])),
                 {key.encode(): str(value).encode() for key, value in DRIVERS[1].items()}, "hash")
    expect_equal(ask("LRANGE", "l:d1", 0, -1), [b"Ada", "Ada L\u00f8v".encode()], "list")
    expect_equal(ask("SCARD", "set:oslo"), 5, "members of the set")
    expect_equal(ask("ZRANGE", "z:oslo", 0, -1, "WITHSCORES"), [b"d2", b"7", b"d1", b"13.25"],
                 "sorted set")
    around = ("GEOSEARCH", "g:oslo", "FROMLONLAT", 10.75, 59.91, "BYRADIUS")
    expect_equal(ask(*around, 50, "km", "ASC"), [b"d1"], "who is near")
    expect_equal(ask(*around, 5000, "km", "ASC"), [b"d1", b"d2"], "who is anywhere")
    expect_equal([entry[1][1] for entry in ask("XRANGE", "x:oslo", "-", "+")],
                 [b"d1", b"d2", b"d1", b"gone"], "stream")
    expect_equal([entry[1] for entry in ask("XRANGE", "x:deleted", "-", "+")], [[b"id", b"gone"]],
                 "stream of deletions")
    gone = [name + "gone" for name in ("s:", "c:", "h:", "l:", "t:", "dd:")]
    expect_equal(ask("EXISTS", *gone), 0, "what the tombstone deleted")
    expect_equal(ask("EXISTS", "dd:d1", "dd:d2"), 2, "what no tombstone deleted")


def judge_expiry(redis):
    for key in ("s:d1", "c:d1", "h:d2", "l:d1", "set:oslo", "z:oslo", "g:oslo", "x:oslo", "t:d1"):
        left = redis.ask("PTTL", key)
        expect(HOUR_MS - 60_000 < left <= HOUR_MS, f"{key} expires in {left} ms, not in an hour")
    expect_equal(redis.ask("PTTL", "dd:d1"), -1, "a route without ttl")


if __name__ == "__main__":
    main(every_family_does_its_work)
