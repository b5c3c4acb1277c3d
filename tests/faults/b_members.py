"""Family B: members of the group that die, sleep, come and go."""
from stage import row


@row("B1", "1 3 4 13", seconds=85)
def kills_at_any_instant(scene):
    """kill -9 at random instants; at each, all that is committed is in Redis."""
    scene.start(session=1000)
    scene.load(2000)
    for number in range(12):
        if number % 2:
            scene.penstock.wait_flowing()
        scene.run(scene.random.uniform(0, 0.6))
        scene.kill(scene.penstock)
    scene.drain()
    scene.judge()
