"""Faults of the network that the proxy between penstock and Redis makes."""
from .fault import Again, Fault


class Late(Fault):
    """Every byte is late, both ways, and not always as much."""

    def __init__(self, proxy, seconds, jitter):
        self.proxy, self.delay, self.before = proxy, (seconds, jitter), 0
        self.name = f"{seconds * 1000:.0f} ms each way, and up to {jitter * 1000:.0f} more"

    def begin(self):
        self.before, self.proxy.delay = self.proxy.passed, self.delay

    def heal(self):
        self.proxy.delay = (0.0, 0.0)

    def evidence(self):
        late = self.proxy.passed - self.before
        return f"{late} bytes were late" if late else ""


class Narrow(Fault):
    """Few bytes a second towards Redis."""

    def __init__(self, proxy, bytes_per_second):
        self.proxy, self.rate, self.before = proxy, bytes_per_second, 0
        self.name = f"{bytes_per_second} bytes/s"

    def begin(self):
        self.before = self.proxy.passed
        self.proxy.limit(self.rate)

    def heal(self):
        self.proxy.limit(0)

    def evidence(self):
        return f"{self.proxy.passed - self.before} bytes passed"


class Slices(Fault):
    """Replies come in pieces of a few bytes."""

    def __init__(self, proxy, size):
        self.proxy, self.size, self.before = proxy, size, 0
        self.name = f"replies in pieces of {size} bytes"

    def begin(self):
        self.before, self.proxy.reply_slice = self.proxy.sliced, self.size

    def heal(self):
        self.proxy.reply_slice = 0

    def evidence(self):
        pieces = self.proxy.sliced - self.before
        return f"{pieces} pieces" if pieces else ""


class Silent(Fault):
    """Nothing passes, and nothing is closed."""

    name = "nothing passes"

    def __init__(self, proxy):
        self.proxy = proxy

    def begin(self):
        self.proxy.stall()

    def heal(self):
        self.proxy.resume()

    def evidence(self):
        return "it stood still"


class Cuts(Again):
    """The connection is cut inside a reply, again and again: after 1 byte, 2, 3 ..."""

    def __init__(self, proxy, seconds=0.1, least=1):
        super().__init__("replies cut at each byte", seconds, self._cut)
        self.proxy, self.bytes = proxy, least

    def _cut(self):
        if self.proxy.cut_after is not None:
            return 0
        self.proxy.cut_after = self.bytes
        self.bytes += 1
        return 1

    def heal(self):
        super().heal()
        self.proxy.cut_after = None

    def evidence(self):
        return f"{self.proxy.cuts} connections were cut" if self.proxy.cuts else ""
