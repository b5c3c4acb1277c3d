#!/usr/bin/env python3
"""The map of examples/ride-hailing in a real Chromium: it shows what Redis has, and who is gone is gone."""
import math
import os
import re
import sys
import time

from example import Example
from harness import expect, expect_equal, main, wait_until
from harness.child import BUILD, SOURCE

sys.path[:0] = [os.path.join(SOURCE, "tests/page"), os.path.join(SOURCE, "examples/ride-hailing")]
from browser import PHONE, View, chromium  # noqa: E402
from city import City  # noqa: E402

CITY = City(1)
PICTURES = os.path.join(BUILD, "examples/pictures")


def _start(run, drivers):
    example = Example(run, "ride-hailing", "--kafka=real", f"--drivers={drivers}")
    example.said("drivers are on the road")
    return example


def _on_the_road(view, least):
    """Waits until the page shows so many drivers."""
    wait_until(lambda: len(_places(view)) >= least, 60, lambda: f"{least} drivers are on the map, not {len(_places(view))}", every=0.2)


def _places(view):
    """{driver: [x, y]} as the map has them."""
    return view.tab.evaluate("Object.fromEntries([...window.cityMap?.drivers ?? []].map(([id, driver]) => [id, driver.to]))")


def _settled(view):
    """Pauses the city; waits until the page says that all trips are there and nothing moves any more."""
    view.tab.locator("#pause").click()
    view.waits_for("The city is paused.")
    view.waits_for("every trip driven, each once")
    before = None
    while before != (before := _places(view)):
        time.sleep(1.5)
    return before


def _click(view, x, y):
    """Clicks the map at a place of the city."""
    left, top = view.tab.evaluate("place => cityMap.toScreen(place)", [x, y])
    box = view.tab.locator("#map").bounding_box()
    view.tab.mouse.click(box["x"] + left, box["y"] + top)


def _seconds_behind(view):
    found = re.search(r"([\d.]+) s behind", view.tab.locator("#fresh").inner_text())
    return float(found[1]) if found else None


def the_map_shows_what_redis_has(run):
    """Drivers move; then each stands where the GEO index has it, and the numbers are Redis' own."""
    example = _start(run, 600)
    redis = example.redis()
    with chromium() as browser:
        view = View(browser, example.port)
        _on_the_road(view, 500)
        first = _places(view)
        time.sleep(3)
        second = _places(view)
        moved = sum(first[name] != second[name] for name in first.keys() & second.keys())
        expect(moved > 0.9 * len(first), f"nearly all drivers move: {moved} of {len(first)}")
        expect(_seconds_behind(view) < 5, f"Redis is not far behind: {_seconds_behind(view)}")
        shown = _settled(view)
        index = [name.decode() for name in redis.ask("ZRANGE", "drivers", 0, -1)]
        expect_equal(set(shown), set(index), "drivers on the map")
        expect_equal(view.tab.locator("#verdict").inner_text(), f"{len(index):,} drivers on the road", "the headline")
        statuses = [status.decode() for status in redis.ask_all([("HGET", f"driver:{name}", "status") for name in index])]
        for status in ("free", "on_the_way", "on_trip"):
            expect_equal(view.tab.locator(f"#{status}").inner_text(), str(statuses.count(status)), f"the legend: {status}")
        for name, (lon, lat) in zip(index, redis.ask("GEOPOS", "drivers", *index)):
            away = math.dist(shown[name], City.metres(float(lon), float(lat)))
            expect(away < 1.5, f"{name} is where the index says: {away} m away")
        _nearby_is_shown(example, view, shown)
        _board_is_shown(redis, view)
        view.is_quiet()


def _nearby_is_shown(example, view, shown):
    view.tab.locator("#radius").evaluate("select => { select.value = '600'; }")
    x = next(x for x in range(2000, 3000, 10)  # on the water, away from bridges with drivers
             if all(math.dist(place, (x, CITY.river(x))) > 60 for place in shown.values()))
    _click(view, x, CITY.river(x))
    view.tab.locator("#nearby-card").wait_for()
    search = view.tab.evaluate("cityMap.search")
    found = example.ask(f"/nearby?x={search['x']}&y={search['y']}&radius=600")[1]
    expect(len(found) > 5, f"somebody is near: {len(found)}")
    view.waits_for(f"{len(found)} drivers")
    rows = view.tab.locator("#nearby li").all_inner_texts()
    expect_equal([row.split()[0] for row in rows], [row["driver"] for row in found[:50]], "the list of who is near")


def _board_is_shown(redis, view):
    week = view.tab.locator("#week").inner_text()
    flat = redis.ask("ZREVRANGE", f"leaderboard:{week}", 0, 7, "WITHSCORES")
    wanted = [f"{name.decode()} {int(cents) // 100:,}.{int(cents) % 100:02}" for name, cents in zip(flat[::2], flat[1::2])]
    rows = [" ".join(row.split()[1:]) for row in view.tab.locator("#board li").all_inner_texts()]
    expect_equal(rows, wanted, "the leaderboard")


def a_driver_that_signs_off_disappears(run):
    """A click on a driver opens its card; a click on the button, and the driver is off the map."""
    example = _start(run, 300)
    with chromium() as browser:
        view = View(browser, example.port)
        _on_the_road(view, 200)
        shown = _settled(view)
        middle = view.tab.evaluate("cityMap.centre")
        near = sorted(shown, key=lambda name: max(abs(shown[name][0] - middle[0]), abs(shown[name][1] - middle[1])))
        free = next(name for name in near if view.tab.evaluate("id => cityMap.drivers.get(id).status", name) == "free"
                    and sum(max(abs(x - shown[name][0]), abs(y - shown[name][1])) < 15 for x, y in shown.values()) == 1)
        _click(view, *shown[free])
        view.waits_for(f"Driver {free}")
        view.waits_for("free, at ")
        view.tab.locator("#pause").click()
        view.tab.locator("#driver-offline").click()
        view.waits_for("is offline and not on the map")
        wait_until(lambda: free not in _places(view), 10, f"{free} is off the map")
        expect(view.tab.locator("#driver-offline").is_disabled(), "nobody signs off twice")
        view.is_quiet()


def a_kill_is_seen_and_healed(run):
    """The button kills penstock; the page says how far Redis falls behind, and in the end that no trip is missing."""
    example = _start(run, 1000)
    with chromium() as browser:
        view = View(browser, example.port)
        _on_the_road(view, 800)
        before = view.tab.locator("#bridge").inner_text()
        view.tab.locator("#kill").click()
        view.waits_for("penstock is down")
        wait_until(lambda: (_seconds_behind(view) or 0) >= 1.5, 15, "the seconds rise", every=0.1)
        wait_until(lambda: "is process" in (text := view.tab.locator("#bridge").inner_text()) and text != before, 30,
                   "another process", every=0.2)
        wait_until(lambda: (_seconds_behind(view) or 9) < 1.5, 90, lambda: f"it catches up: {_seconds_behind(view)}", every=0.2)
        _settled(view)
        view.is_quiet()


def the_page_is_for_everybody(run):
    """Light and dark, by keyboard, on a telephone; axe-core finds nothing wrong. Pictures are taken."""
    example = _start(run, 2000)
    os.makedirs(PICTURES, exist_ok=True)
    with chromium() as browser:
        for scheme, size in (("light", (1280, 860)), ("dark", (1280, 860)), ("light", PHONE), ("dark", PHONE)):
            view = View(browser, example.port, size=size, scheme=scheme)
            _on_the_road(view, 1500)
            expect_equal(view.overflow(), 0, f"overflow at {size[0]} pixels")
            view.tab.locator("#map").focus()
            scale = view.tab.evaluate("cityMap.scale")
            view.tab.keyboard.press("+")
            expect(view.tab.evaluate("cityMap.scale") > scale, "+ comes closer")
            view.tab.keyboard.press("-")
            view.tab.keyboard.press("ArrowRight")
            view.tab.keyboard.press("Enter")
            view.tab.locator("#nearby li").first.wait_for()
            name = view.tab.locator("#nearby button").nth(2).inner_text()
            view.tab.locator("#nearby button").nth(2).focus()
            time.sleep(2.5)  # the list is written anew meanwhile
            view.tab.keyboard.press("Enter")
            view.waits_for(f"Driver {name}")
            view.tab.locator("#driver-text").filter(has_text=re.compile(r"\w")).wait_for()
            time.sleep(1)
            expect_equal(view.axe(), [], f"what axe-core finds in {scheme} at {size[0]} pixels")
            view.tab.screenshot(path=os.path.join(PICTURES, f"map-{scheme}-{size[0]}.jpg"), type="jpeg", quality=72)
            expect_equal(view.overflow(), 0, f"overflow at {size[0]} pixels, with the cards open")
            view.is_quiet()
            view.close()


if __name__ == "__main__":
    main(the_map_shows_what_redis_has, a_driver_that_signs_off_disappears, a_kill_is_seen_and_healed, the_page_is_for_everybody)
