"""The judge itself, on real servers: what is broken in Redis by hand, it must see."""
from stage import expect, judge, row


@row("J1", "1 2 3 4 5 13", seconds=30)
def the_judge_sees_what_is_planted(scene):
    """A good run; then one entry is deleted, one comes twice, one late, one changed, one key is
    touched: each is seen, by the invariant whose business it is."""
    scene.start()
    scene.load(500)
    scene.run(1)
    scene.drain()
    redis, committed = scene.redis, scene.promised()
    expected, good = scene.expected(), redis.read()
    (first, entry), (_, other) = redis.ask("XRANGE", "stream:0", "-", "+", "COUNT", 2)

    def seen(invariant, what, wrong):
        expect(wrong, f"the judge does not see that {what}")
        scene.verdict("I13", [], f"{invariant} sees that {what}: {wrong[0]}")

    redis.ask("XDEL", "stream:0", first)
    seen("I1", "a committed record is missing", judge.no_loss(expected, redis.read(), committed))
    redis.ask("XADD", "stream:0", "*", *entry)
    seen("I3", "a record came late", judge.order(expected, redis.read()))
    seen("I3", "records were passed over", judge.skips(expected, redis.read()))
    redis.ask("XADD", "stream:0", "*", *other)
    seen("I4", "a record came twice", judge.duplicates(expected, redis.read(), 0))
    redis.ask("XADD", "stream:0", "*", *other[:5], other[5] + b" ")
    seen("I5", "a byte is too much", judge.integrity(expected, redis.read(), scene.oracle.records))
    key = other[3]
    redis.ask("RPOP", b"list:" + key)
    seen("I2", "a push is missing", judge.drained(expected, redis.read(), committed, committed))
    redis.ask("INCRBY", b"sum:" + key, 1)
    seen("I4", "a sum is too large", judge.duplicates(expected, redis.read(), 0))
    redis.ask("SET", b"last:" + key, "old")
    seen("I3", "a last value is not the newest", judge.order(expected, redis.read()))
    redis.ask("SET", "last:stranger", "x")
    seen("I5", "a key is nobody's", judge.integrity(expected, redis.read(), scene.oracle.records))
    redis.read = lambda: good
    scene.judge()

