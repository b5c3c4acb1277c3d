"""What the page shows, read from Redis: by subscription what moves, by questions what stands."""
import json
import threading
import time

from city import HEIGHT, WIDTH, City
from stage.redis import Redis
from stage.web import Feed

FRAMES = 2  # a second
BOARD, TRIPS, EVENTS = 8, 6, 6
RIDE_PARTITIONS = 4
OPEN = ("requested", "accepted", "picked_up")
AGAIN_SECONDS = 1


def week_of(seconds):
    """As the leaderboard's keys have it."""
    return time.strftime("%G-W%V", time.gmtime(seconds))


def _pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def _entries(stream):
    return [{"id": entry, **_pairs(fields)} for entry, fields in stream]


class View:
    """`feed` has a frame for every half second: all that the page draws."""

    def __init__(self, redis_port, outside):
        """`outside()` is what only the example itself knows: a dict that goes into each frame."""
        self.feed = Feed()
        self._port, self._outside = redis_port, outside
        self._lock = threading.Lock()
        self._positions = {}  # driver -> [x, y, heading, status], of those whom the GEO index has
        self._reports = 0
        threading.Thread(target=self._again, args=(self._listen,), daemon=True).start()
        threading.Thread(target=self._again, args=(self._look,), daemon=True).start()

    @staticmethod
    def _again(work):
        while True:
            try:
                work()
            except OSError:
                time.sleep(AGAIN_SECONDS)

    # --- what moves ------------------------------------------------------------------------------

    def _listen(self):
        redis = Redis(self._port, timeout=None)
        redis("SUBSCRIBE", "positions")
        while True:
            report = json.loads(redis.read()[2])
            self._take(report["driver_id"], report)

    def _take(self, driver, report):
        x, y = City.metres(float(report["lon"]), float(report["lat"]))
        with self._lock:
            self._reports += 1
            if report["status"] == "offline":
                self._positions.pop(driver, None)
            else:
                self._positions[driver] = [round(x, 1), round(y, 1), int(report["heading"]), report["status"]]

    # --- what stands -----------------------------------------------------------------------------

    def _look(self):
        redis = Redis(self._port)
        while True:
            began = time.monotonic()
            self._follow_index(redis)
            self.feed.publish(self._frame(redis))
            time.sleep(max(0.05, 1 / FRAMES - (time.monotonic() - began)))

    def _follow_index(self, redis):
        """Who is on the road is what the GEO index says. Of a driver whom the channel has not told of, the hash does."""
        there = set(redis("ZRANGE", "drivers", 0, -1))
        with self._lock:
            for driver in self._positions.keys() - there:
                del self._positions[driver]
            unknown = list(there - self._positions.keys())
        for driver, fields in zip(unknown, redis.all([("HGETALL", f"driver:{driver}") for driver in unknown])):
            if fields:
                self._take(driver, _pairs(fields))

    def _frame(self, redis):
        now = time.time()
        weeks = [week_of(now), week_of(now - 7 * 86400)]
        commands = ([("HVALS", "freshness")]
                    + [("ZCARD", f"rides:{status}") for status in OPEN]
                    + [("XREVRANGE", "trips", "+", "-", "COUNT", TRIPS)]
                    + [("ZREVRANGE", f"leaderboard:{week}", 0, BOARD - 1, "WITHSCORES") for week in weeks]
                    + [("HGETALL", f"week:{week}") for week in weeks]
                    + [("XREVRANGE", f"rides:events:{partition}", "+", "-", "COUNT", EVENTS)
                       for partition in range(RIDE_PARTITIONS)])
        fresh, requested, accepted, picked_up, trips, board, former_board, total, former_total, *streams = redis.all(commands)
        events = sorted((event for stream in streams for event in _entries(stream)), key=lambda event: int(event["at"]))
        with self._lock:
            drivers, reports = dict(self._positions), self._reports
        return {"now": int(now * 1000), "drivers": drivers, "reports": reports,
                # of the partition that is furthest behind
                "behind": round(now - min(map(int, fresh)) / 1000, 2) if fresh else None,
                "rides": {"requested": requested, "accepted": accepted, "picked_up": picked_up},
                "events": events[:-EVENTS - 1:-1], "trips": _entries(trips),
                "weeks": [{"week": week, "board": [[name, int(cents)] for name, cents in _pairs(best).items()],
                           "trips": int(_pairs(totals).get("trips", 0)), "cents": int(_pairs(totals).get("cents", 0))}
                          for week, best, totals in zip(weeks, (board, former_board), (total, former_total))],
                **self._outside()}

    # --- what the page asks ----------------------------------------------------------------------

    def nearby(self, x, y, radius):
        """The drivers around a place, the nearest first."""
        x, y, radius = float(x), float(y), float(radius)
        if not (0 < radius <= 2000 and -WIDTH < x < 2 * WIDTH and -HEIGHT < y < 2 * HEIGHT):
            raise ValueError("x, y and radius are metres in the city, the radius at most 2000")
        lon, lat = City.geo(x, y)
        redis = Redis(self._port)
        found = redis("GEOSEARCH", "drivers", "FROMLONLAT", lon, lat, "BYRADIUS", radius, "m", "ASC", "WITHDIST")
        statuses = redis.all([("HGET", f"driver:{driver}", "status") for driver, _ in found])
        redis.close()
        return [{"driver": driver, "metres": float(metres), "status": status}
                for (driver, metres), status in zip(found, statuses)]

    def driver(self, id):  # pylint: disable=redefined-builtin
        """A driver's hash, or null; and the place and cents of this week."""
        redis = Redis(self._port)
        week = week_of(time.time())
        fields, there, cents, rank = redis.all([
            ("HGETALL", f"driver:{id}"), ("ZSCORE", "drivers", id),
            ("ZSCORE", f"leaderboard:{week}", id), ("ZREVRANK", f"leaderboard:{week}", id)])
        redis.close()
        return {"hash": _pairs(fields) or None, "onTheMap": there is not None, "cents": int(cents or 0),
                "place": None if rank is None else rank + 1}
