"""A scrape of /metrics, and a thread that checks each one while a scenario runs."""
import re
import threading
import time
import urllib.request

_LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Scrape:
    """The samples of one moment."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if line.startswith("#") or not line:
                continue
            match = _LINE.match(line)
            if not match:
                raise ValueError(f"not a sample: {line!r}")
            name, labels, value = match.groups()
            self.samples.append((name, dict(_LABEL.findall(labels or "")), float(value)))

    def values(self, name, **labels):
        return [value for sample, own, value in self.samples
                if sample == name and all(own.get(key) == want for key, want in labels.items())]

    def total(self, name, **labels):
        return sum(self.values(name, **labels))

    def outcome(self, outcome, route=None):
        labels = {"outcome": outcome} | ({"route": route} if route else {})
        return int(self.total("penstock_records_total", **labels))

    @property
    def lag(self):
        return self.total("penstock_kafka_consumer_lag_records")

    def imbalance(self):
        """For each route, what breaks matched = outcomes + in flight; empty when all is well."""
        broken = []
        for sample, own, matched in self.samples:
            if sample != "penstock_records_matched_total":
                continue
            route = own["route"]
            ended = self.total("penstock_records_total", route=route)
            inflight = self.total("penstock_inflight_records", route=route)
            if matched != ended + inflight:
                broken.append(f"route {route}: matched {matched:.0f} is not ended {ended:.0f}"
                              f" + in flight {inflight:.0f}")
        return broken


def fetch(port, path, timeout=30, accept=None):
    """(status, text) of a page of the admin port."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as failure:
        return failure.code, failure.read().decode()


class Watch(threading.Thread):
    """Scrapes several times a second; keeps what broke and how large the process grew."""

    def __init__(self, penstock, seconds=0.2):
        super().__init__(daemon=True)
        self.penstock = penstock
        self.seconds = seconds
        self.broken, self.scrapes, self.peak_rss, self.peak_inflight = [], 0, 0, 0
        self.done = threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(self.seconds):
            try:
                self.peak_rss = max(self.peak_rss, self.penstock.child.rss_bytes())
                scrape = self.penstock.scrape()
            except (OSError, ValueError, IndexError):
                continue  # it is starting, stopping or was killed
            self.scrapes += 1
            self.peak_inflight = max(self.peak_inflight,
                                     int(scrape.total("penstock_inflight_records")))
            self.broken += [f"scrape {self.scrapes}: {what}" for what in scrape.imbalance()]

    def once(self, seconds):
        """Waits, for so long at most, until it has scraped: a life may be shorter than its pauses."""
        deadline = time.monotonic() + seconds
        while not self.scrapes and self.penstock.child.running and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self):
        self.done.set()
        self.join(10)
