"""A TCP proxy that can be slow, late, silent, crumbling, or gone."""
import queue
import random
import select
import socket
import threading
import time

from .child import free_port

_SLICE = 64 * 1024
_QUEUE = 64  # slices under way in one direction


class Proxy:
    """Passes bytes between its port and `target`; two threads a direction."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.port = free_port()
        self.bytes_per_second = 0  # towards the target; 0: as fast as it goes
        self.delay = (0.0, 0.0)    # seconds each way, and how much more at random
        self.reply_slice = 0       # bytes that a reply is sent in; 0: as they come
        self.cut_after = None      # bytes of replies until every connection is closed
        self.passed = 0            # bytes towards the target
        self.cuts = 0              # connections closed by cut() and cut_after
        self.sliced = 0            # pieces of replies
        self.stalled = threading.Event()
        self.pairs = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def limit(self, bytes_per_second):
        self.bytes_per_second = bytes_per_second

    def stall(self):
        """Passes nothing from now on, and closes nothing: a peer that fell silent."""
        self.stalled.set()

    def resume(self):
        self.stalled.clear()

    def cut(self):
        """Closes every connection; new ones are taken."""
        for pair in self.pairs[:]:
            self.cuts += 1
            self._close(pair)

    def close(self):
        self.listener.close()
        for pair in self.pairs[:]:
            self._close(pair)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                target = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                continue
            pair = (client, target)
            self.pairs.append(pair)
            for end in pair:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink, forward in ((client, target, True), (target, client, False)):
                under_way = queue.Queue(_QUEUE)
                for work in (self._read, self._write):
                    threading.Thread(target=work, daemon=True,
                                     args=(pair, source, sink, forward, under_way)).start()

    def _read(self, _pair, source, _sink, forward, under_way):
        chunk = b""
        try:
            while True:
                select.select([source], [], [])
                while self.stalled.is_set():
                    time.sleep(0.01)
                rate = self.bytes_per_second if forward else 0
                chunk = source.recv(max(1, rate // 50) if rate else _SLICE)
                if not chunk:
                    break
                delay, jitter = self.delay
                under_way.put((time.monotonic() + delay + random.random() * jitter, chunk))
                if rate:
                    time.sleep(len(chunk) / rate)
        except (OSError, ValueError):
            pass
        under_way.put((0, b""))

    def _write(self, pair, _source, sink, forward, under_way):
        try:
            while True:
                due, chunk = under_way.get()
                if not chunk:
                    break
                if (wait := due - time.monotonic()) > 0:
                    time.sleep(wait)
                if forward:
                    sink.sendall(chunk)
                    self.passed += len(chunk)
                elif not self._reply(sink, chunk):
                    break
        except (OSError, ValueError):
            pass
        self._close(pair)

    def _reply(self, sink, chunk):
        """Passes a reply on; false where this was the end of it."""
        if self.cut_after is not None:
            allowed = min(len(chunk), self.cut_after)
            self.cut_after -= allowed
            sink.sendall(chunk[:allowed])
            if self.cut_after == 0:
                self.cut_after = None
                self.cuts += 1
                return False
            return True
        size = self.reply_slice or len(chunk)
        for start in range(0, len(chunk), size):
            sink.sendall(chunk[start:start + size])
        self.sliced += -(-len(chunk) // size) if self.reply_slice else 0
        return True

    def _close(self, pair):
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        if pair in self.pairs:
            self.pairs.remove(pair)
