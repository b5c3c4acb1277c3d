"""A proxy that understands Redis' protocol and, for a while, answers in words of its own."""
import socket
import threading

from harness.child import free_port

from .fault import Fault

GREETING = (b"HELLO", b"CLIENT", b"INFO", b"AUTH", b"SELECT", b"PING")


class Gone(Exception):
    """One side has closed."""


class _Stream:
    """A socket read by lines and lengths; what was read since take() is kept as it came."""

    def __init__(self, end):
        self.file, self.raw = end.makefile("rb"), b""

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise Gone
        self.raw += line
        return line

    def item(self):
        """One reply or command; its first texts, where it is a list."""
        line = self.line()
        if line[:1] == b"$" and int(line[1:]) >= 0:
            text = self.file.read(int(line[1:]) + 2)
            self.raw += text
            return text[:-2]
        if line[:1] == b"*":
            return [self.item() for _ in range(int(line[1:]))]
        return line

    def take(self):
        raw, self.raw = self.raw, b""
        return raw


class Spokesman:
    """Passes commands to `target_port` one by one. While `says` is set, each one but those of a
    greeting is answered by that; every second one is carried out before. Of a transaction that has
    begun only EXEC is answered so: what Redis carries out of it is all or nothing."""

    def __init__(self, target_port):
        self.target_port, self.port, self.says, self.said = target_port, free_port(), None, 0
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, socket.create_connection(("127.0.0.1", self.target_port)) as target:
            target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked, answered, inside = _Stream(client), _Stream(target), False
            try:
                while True:
                    name = asked.item()[0].upper()
                    open_to_it = name not in GREETING and (name == b"EXEC" or not inside)
                    says = self.says if open_to_it else None
                    inside = name == b"MULTI" and not says or inside and name != b"EXEC"
                    client.sendall(self._answer(asked.take(), says, target, answered))
            except (Gone, OSError):
                pass

    def _answer(self, command, says, target, answered):
        self.said += bool(says)
        if not says or self.said % 2 == 0:
            target.sendall(command)
            answered.item()
        reply = answered.take()
        return f"-{says}\r\n".encode() if says else reply


class Says(Fault):
    """The proxy answers so."""

    def __init__(self, proxy, words):
        self.proxy, self.words, self.name = proxy, words, f"a proxy says {words}"

    def begin(self):
        self.proxy.says = self.words

    def heal(self):
        self.proxy.says = None

    def evidence(self):
        return f"it said so {self.proxy.said} times" if self.proxy.said else ""
