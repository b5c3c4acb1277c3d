"""Family E: Redis, its restarts and its moods."""
from stage import RECONNECTS, Ask, row


@row("E3", "1 8 9 12 13", seconds=40, quick=True)
def out_of_memory(scene):
    """Redis refuses every write by OOM: the same again later, no new connection, nothing dropped."""
    scene.start()
    scene.load(1000)
    scene.run(1)
    redis = scene.redis
    with scene.fault(Ask(redis, "maxmemory of 1 MB", [("CONFIG", "SET", "maxmemory", "1mb")],
                         [("CONFIG", "SET", "maxmemory", "0")], lambda: redis.errors("OOM"))):
        scene.run(2)
        scene.unready("OOM")
        scene.idle()
    scene.drain()
    scene.judge()
    scene.check("I8", scene.metric(*RECONNECTS) == 0, "no connection was lost")
