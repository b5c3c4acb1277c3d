"""Family A: the network, and brokers that go."""
from stage import Drop, row


@row("A7", "1 3 4 9 13", seconds=45, quick=True)
def half_open_to_redis(scene):
    """Packets to Redis vanish and nobody closes anything: found within response_timeout, and all
    that has no answer is sent again."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    with scene.fault(Drop(scene.redis.port), shows="penstock_redis_reconnects_total"):
        scene.run(3)
        scene.unready()
        scene.idle()
    scene.run(1)
    scene.drain()
    scene.judge()
