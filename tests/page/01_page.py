#!/usr/bin/env python3
"""The page at /, in a real Chromium, of a bridge between a real Kafka and a real Redis."""
import os
import signal
import socket
import threading
import time

from browser import PHONE, WIDE, View, chromium
from harness import Failure, Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame

TOKEN = "a-token-of-the-test"
SOON = 30  # seconds: a browser, a busy machine
WEIGHT = 60000  # bytes of the whole page
VIEWERS, CORE = 10, 0.01  # the share of one core that these may take
PARTITIONS = 4


class Feed(threading.Thread):
    """A steady stream of records, until stop()."""

    def __init__(self, run, kafka, topic, per_second=400):
        super().__init__(daemon=True)
        self.producer, self.topic, self.per_second = run.producer(kafka), topic, per_second
        self.sent, self.done = 0, threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(0.1):
            now = int(time.time() * 1000)
            self.producer.send(self.topic, b"".join(
                frame(Record(number % PARTITIONS, b"d%d" % (number % 97), b'{"city":"scl","lat":"-33.4","n":%d}' % number, timestamp=now))
                for number in range(self.sent, self.sent + self.per_second // 10)))
            self.sent += self.per_second // 10

    def stop(self):
        self.done.set()
        self.join()
        self.producer.close()


def bridge(run, **options):
    """(kafka, redis, penstock) with a route that cannot fail and one that stops at what is no JSON."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    kafka.create(run.topic + ".trips", 1)
    penstock = run.penstock(conf(kafka, redis.url, run.group, [
        route("drivers", run.topic, [("n < 0", "UNLINK driver:%{$key}"), "HSET driver:%{$key} city %{city} n %{n}"], format="json",
              **{"del": "none"}),
        route("trips", run.topic + ".trips", ["RPUSH trips %{fare}"], format="json", on_error="stop", **{"del": "none"})]),
        admin=f'token = "{TOKEN}";', **options)
    return kafka, redis, penstock


def produce(run, kafka, topic, *values):
    producer = run.producer(kafka)
    producer.send(topic, b"".join(frame(Record(0, b"k", value)) for value in values))
    producer.close()


def use_token(view, token=TOKEN):
    view.tab.get_by_role("button", name="Steer").click()
    view.tab.get_by_label("Token").fill(token)
    view.tab.get_by_role("button", name="Use it").click()


# --- what it shows -------------------------------------------------------------------------------

def it_shows_the_true_numbers(run):
    """Live while records flow; and once they have stopped, each number is that of /metrics."""
    kafka, _, penstock = bridge(run)
    feed = Feed(run, kafka, run.topic)
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        expect("All is well" in view.verdict(), view.verdict())
        commands = view.row("routes", "drivers").locator(".commands").inner_text()
        expect_equal(commands, "if n < 0: UNLINK driver:%{$key}\nelse: HSET driver:%{$key} city %{city} n %{n}\ntombstone: none", "what the route does")
        wait_until(lambda: 200 < float(view.tile("Records a second").replace(",", "") or 0) < 600, SOON, lambda: view.tile("Records a second"))
        first = view.number("routes", "drivers", "Written")
        wait_until(lambda: view.number("routes", "drivers", "Written") > first, 5, "the number of records grows")
        feed.stop()
        wait_until(lambda: view.number("routes", "drivers", "Written") == feed.sent, SOON, "all records are shown")
        scrape = penstock.scrape()
        expect_equal(view.number("routes", "drivers", "Written"), scrape.outcome("written", "drivers"), "written")
        for partition in range(PARTITIONS):
            name, labels = f"{run.topic}[{partition}]", {"topic": run.topic, "partition": str(partition)}
            for head, metric in ("Position", "position"), ("End", "high_watermark"):
                wait_until(lambda: view.number("partitions", name, head) == penstock.scrape().total(f"penstock_kafka_{metric}_offset", **labels),
                           SOON, lambda: f"{name} {head}: {view.cell('partitions', name, head)}")
            wait_until(lambda: view.number("partitions", name, "Lag") == 0, SOON, "nothing is left to do")
        expect_equal(view.number("sinks", "live", "Connections"), scrape.total("penstock_redis_connections"), "connections")
        expect_equal(view.tile("Lag"), "0", "the lag's tile")
        memory = scrape.total("process_resident_memory_bytes") / 2**20
        shown = float(view.tile("Memory").split("\n")[0].replace("MiB", ""))
        expect(abs(shown - memory) < 0.1 * memory, f"memory {shown}, as /metrics has {memory}")
        view.is_quiet()


def an_outage_of_redis_appears_and_vanishes(run):
    """The words are those of /readyz; the page says so within seconds, and takes it back."""
    _, redis, penstock = bridge(run)
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        redis.stop()
        view.waits_for_state("bad")
        expect("sink live: " in view.verdict(), view.verdict())

        def the_words_agree():
            """The page is a second behind, and the reason changes once: closed, then refused."""
            reason = next(line for line in penstock.page("/readyz?verbose")[1].splitlines() if line.startswith("[-]sink live"))
            return reason[3:].partition(", for")[0] in view.verdict()

        wait_until(the_words_agree, SOON, lambda: f"the words of /readyz: {view.verdict()}")
        wait_until(lambda: view.cell("sinks", "live", "Connections") == "0", SOON, "no connection is left")
        redis.start()
        view.waits_for_state("well")
        wait_until(lambda: view.cell("sinks", "live", "Connections") != "0", SOON, "it is connected again")
        view.is_quiet()


def a_held_partition_appears_and_vanishes(run):
    """With its reason and a line to copy; the button retries it, and it goes on once it is mended."""
    kafka, redis, penstock = bridge(run)
    name = f"{run.topic}.trips[0]"
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        redis.ask("SET", "trips", "no list")
        produce(run, kafka, run.topic + ".trips", b'{"fare":7}')
        view.waits_for_state("bad")
        expect(f"partition {name}" in view.verdict() and "WRONGTYPE" in view.verdict(), view.verdict())
        wait_until(lambda: view.cell("partitions", name, "State").strip() == "held", SOON, "its state is held")
        expect("WRONGTYPE" in view.cell("partitions", name, "Why"), "the reason")
        problem = view.row("problems", f"{run.topic}.trips[0]@0")
        problem.wait_for()
        problem.get_by_role("button").click()
        copied = view.tab.evaluate("navigator.clipboard.readText()")
        expect(copied.startswith("penstock explain ") and run.topic in copied, copied)
        expect_equal(view.row("partitions", name).get_by_role("button").count(), 0, "buttons without a token")
        use_token(view)
        retry = view.tab.get_by_role("button", name=f"Retry {name}")
        redis.ask("DEL", "trips")
        retry.click()
        view.waits_for_state("well")
        wait_until(lambda: redis.ask("LLEN", "trips") == 1, SOON, "the record arrives")
        wait_until(lambda: view.cell("partitions", name, "State").strip() != "held", SOON, "it is held no more")
        view.is_quiet()


def a_record_is_skipped_by_its_offset(run):
    """Only with the token, only what a record holds, and only once its offset is typed."""
    kafka, redis, penstock = bridge(run)
    name = f"{run.topic}.trips[0]"
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        redis.ask("SET", "trips", "no list")
        produce(run, kafka, run.topic + ".trips", b'{"fare":7}', b'{"fare":8}')
        view.waits_for_state("bad")
        skip = view.tab.get_by_role("button", name=f"Skip {name}")
        expect_equal(skip.count(), 0, "buttons without a token")
        use_token(view)
        skip.wait_for()
        expect_equal(view.tab.get_by_role("button", name=f"Skip {run.topic}[0]").count(), 0, "buttons of what flows")
        skip.click()
        does, offset = view.tab.get_by_role("button", name="Skip it"), view.tab.get_by_label("Its offset, to confirm")
        expect("WRONGTYPE" in view.tab.locator("#skip-why").inner_text(), "the reason")
        expect(does.is_disabled(), "nothing is typed")
        offset.fill("1")
        expect(does.is_disabled(), "another offset")
        expect_equal(view.axe(), [], "what axe-core finds in the dialog")
        view.tab.keyboard.press("Enter")
        view.tab.keyboard.press("Escape")
        expect_equal(penstock.scrape().total("penstock_records_skipped_total"), 0, "skipped")
        skip.click()
        expect_equal(offset.input_value(), "", "what was typed before")
        redis.ask("DEL", "trips")
        offset.fill("0")
        view.tab.keyboard.press("Enter")
        view.tab.locator("#outcome").get_by_text(f"{name}@0 is skipped").wait_for()
        wait_until(lambda: redis.ask("LRANGE", "trips", 0, -1) == [b"8"], SOON, "the next record arrives")
        wait_until(lambda: view.cell("partitions", name, "State").strip() != "held", SOON, "it is held no more")
        expect_equal(penstock.scrape().outcome("dropped", "trips"), 1, "dropped")
        view.is_quiet()


# --- what one can do -----------------------------------------------------------------------------

def buttons_pause_and_resume(run):
    """Only with the token; a wrong one is told."""
    kafka, _, penstock = bridge(run)
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        use_token(view, "wrong")
        view.tab.get_by_role("button", name="Pause route trips").click()
        view.tab.locator("#outcome").get_by_text("Pause route trips:").wait_for()
        use_token(view)
        view.tab.get_by_role("button", name="Pause route trips").click()
        view.tab.get_by_role("button", name="Resume route trips").wait_for()
        wait_until(lambda: "paused" in view.verdict(), SOON, "the verdict says so")
        produce(run, kafka, run.topic + ".trips", b'{"fare":7}')
        time.sleep(2)
        expect_equal(penstock.scrape().outcome("written", "trips"), 0, "written while it is paused")
        view.tab.get_by_role("button", name="Resume route trips").click()
        wait_until(lambda: view.number("routes", "trips", "Written") == 1, SOON, "it goes on")
        view.waits_for_state("well")
        view.complaints = [text for text in view.complaints if "401" not in text and "403" not in text]
        view.is_quiet()
        token = view.tab.evaluate("[localStorage.length, document.cookie, Object.keys(sessionStorage).join()]")
        expect_equal(token, [0, "", "token"], "where the token is kept")


def the_keyboard_does_it_all(run):
    """Tab reaches everything, arrows read the plots, Escape closes the dialog."""
    _, _, penstock = bridge(run)
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        keys = view.tab.keyboard
        keys.press("Tab")
        expect_equal(view.tab.evaluate("document.activeElement.textContent"), "Skip to the tables", "what comes first")
        keys.press("Tab")
        expect_equal(view.tab.evaluate("document.activeElement.id"), "steer", "the button")
        keys.press("Enter")
        view.tab.locator("dialog[open]").wait_for()
        keys.press("Escape")
        expect_equal(view.tab.locator("dialog[open]").count(), 0, "open dialogs")
        expect_equal(view.tab.evaluate("document.activeElement.id"), "steer", "where the focus returns to")
        time.sleep(8)  # some seconds to read
        keys.press("Tab")
        expect_equal(view.tab.evaluate("document.activeElement.tagName"), "CANVAS", "the first plot")
        readout = view.tab.locator("figcaption span.quiet").last
        expect(" at " not in readout.inner_text(), "nothing is pointed at")
        keys.press("ArrowLeft")
        expect(" at " in readout.inner_text(), readout.inner_text())
        keys.press("Escape")
        expect(" at " not in readout.inner_text(), readout.inner_text())
        reached = []
        for _ in range(40):
            keys.press("Tab")
            reached.append(view.tab.evaluate("(document.activeElement.getAttribute('aria-labelledby') ?? document.activeElement.textContent)"))
        for wanted in "routes", "partitions", "sinks", "metrics":
            expect(wanted in reached, f"{wanted} is reached: {reached}")


def it_is_accessible_and_fits_a_phone(run):
    """axe-core finds nothing, in light and dark, well and ill; nothing sticks out at 390 pixels."""
    kafka, redis, penstock = bridge(run)
    feed = Feed(run, kafka, run.topic)
    with chromium() as browser:
        views = [View(browser, penstock.port, size, scheme) for size in (WIDE, PHONE) for scheme in ("light", "dark")]
        for ill in False, True:
            if ill:
                redis.ask("SET", "trips", "no list")
                produce(run, kafka, run.topic + ".trips", b'{"fare":7}')
            for view in views:
                view.waits_for_state("bad" if ill else "well")
                use_token(view)
                view.tab.get_by_role("button", name="Pause route trips").wait_for()
                expect_equal(view.axe(), [], "what axe-core finds")
                expect_equal(view.overflow(), 0, "pixels that stick out")
        for view in views:
            view.tab.get_by_role("button", name="Steer").click()
            expect_equal(view.axe(), [], "what axe-core finds in the dialog")
    feed.stop()


# --- what it survives, and what it costs ---------------------------------------------------------

def it_survives_a_restart_of_the_process(run):
    """It says that penstock is away, and goes on by itself; what it saw before stays in the plots."""
    _, _, penstock = bridge(run)
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        time.sleep(4)
        penstock.stop()
        view.waits_for("penstock has not answered since")
        expect_equal(view.state(), "bad", "the verdict's state")
        penstock.start()
        view.waits_for_state("well")
        expect_equal(view.tab.locator("#live").inner_text(), "live", "whether it is live")
        wait_until(lambda: "up " in view.tab.locator("#about").inner_text(), SOON, "since when it is up")


def a_process_that_hangs_is_not_called_live(run):
    """Its connections stay open, and say nothing."""
    _, _, penstock = bridge(run)
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")
        penstock.child.signal(signal.SIGSTOP)
        view.waits_for("penstock has not answered since")
        expect_equal(view.tab.locator("#live").inner_text(), "no connection", "whether it is live")
        penstock.child.signal(signal.SIGCONT)
        view.waits_for_state("well")


def it_is_light_and_asks_nobody_else(run):
    """The whole page weighs less than 60 kB, and a strict policy forbids what is not its own."""
    _, _, penstock = bridge(run)
    weights, policies = {}, set()
    with chromium() as browser:
        view = View(browser, penstock.port)
        view.waits_for_state("well")

        def weigh(answer):
            if "/api/" not in answer.url and answer.url.startswith("http"):
                weights[answer.url] = len(answer.body())
                policies.add(answer.headers["content-security-policy"])

        view.tab.on("response", weigh)
        view.tab.reload()
        view.waits_for_state("well")
        view.is_quiet()
    run.note(f"{sum(weights.values())} bytes: {weights}")
    expect(0 < sum(weights.values()) < WEIGHT, f"the page weighs {weights}")
    expect_equal(len(policies), 1, "policies")
    policy = policies.pop()
    expect("default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy, policy)


def thread_seconds(penstock, name):
    """The CPU time of the threads of that name."""
    folder, total = f"/proc/{penstock.child.pid}/task", 0
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/comm", encoding="ascii") as file:
            if file.read().strip() != name:
                continue
        with open(f"{folder}/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0]) / 1e9
    return total


def ten_viewers_cost_less_than_a_hundredth_of_a_core(run):
    """All that the admin thread does for them, while records flow."""
    kafka, _, penstock = bridge(run)
    feed = Feed(run, kafka, run.topic)
    penstock.watch.stop()  # its scrapes would count, too
    viewers = []
    for _ in range(VIEWERS):
        viewers.append(socket.create_connection(("127.0.0.1", penstock.port)))
        viewers[-1].sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    heard, ends = [0] * VIEWERS, time.monotonic() + 20
    time.sleep(1)
    before, began = thread_seconds(penstock, "admin"), time.monotonic()
    while time.monotonic() < ends:
        for number, viewer in enumerate(viewers):
            viewer.setblocking(False)
            try:
                heard[number] += viewer.recv(1 << 20).count(b"event: sample")
            except BlockingIOError:
                pass
        time.sleep(0.1)
    share = (thread_seconds(penstock, "admin") - before) / (time.monotonic() - began)
    for viewer in viewers:
        viewer.close()
    feed.stop()
    run.note(f"{VIEWERS} viewers: {share * 100:.3f} % of a core; events: {heard}")
    expect(min(heard) > 15, f"each viewer gets its events: {heard}")
    expect(0 < share < CORE, f"{share * 100:.2f} % of a core")


if __name__ == "__main__":
    main(it_shows_the_true_numbers, an_outage_of_redis_appears_and_vanishes, a_held_partition_appears_and_vanishes,
         a_record_is_skipped_by_its_offset, buttons_pause_and_resume, the_keyboard_does_it_all, it_is_accessible_and_fits_a_phone,
         it_survives_a_restart_of_the_process, a_process_that_hangs_is_not_called_live, it_is_light_and_asks_nobody_else,
         ten_viewers_cost_less_than_a_hundredth_of_a_core)
