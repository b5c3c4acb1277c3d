"""A TCP proxy that can be slow, silent, or gone."""
import select
import socket
import threading
import time

from .child import free_port

_SLICE = 64 * 1024


class Proxy:
    """Passes bytes between its port and `target`; a thread a direction."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.port = free_port()
        self.bytes_per_second = 0  # towards the target; 0: as fast as it goes
        self.passed = 0            # bytes towards the target
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
            self._close(pair)

    def close(self):
        self.listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                target = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                return
            pair = (client, target)
            self.pairs.append(pair)
            for source, sink, forward in ((client, target, True), (target, client, False)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(pair, source, sink, forward),
                                 daemon=True).start()

    def _pump(self, pair, source, sink, forward):
        try:
            while True:
                select.select([source], [], [])
                while self.stalled.is_set():
                    time.sleep(0.01)
                rate = self.bytes_per_second if forward else 0
                chunk = source.recv(max(1, rate // 50) if rate else _SLICE)
                if not chunk:
                    break
                sink.sendall(chunk)
                if forward:
                    self.passed += len(chunk)
                if rate:
                    time.sleep(len(chunk) / rate)
        except (OSError, ValueError):
            pass
        self._close(pair)

    def _close(self, pair):
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        if pair in self.pairs:
            self.pairs.remove(pair)
