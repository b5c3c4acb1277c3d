"""A Redis client: RESP over a socket."""
import socket


class RedisError(Exception):
    """An error reply."""


class Redis:
    """One connection. Replies are text, numbers, None and lists."""

    def __init__(self, port, timeout=10):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._file = self._socket.makefile("rb")

    def close(self):
        self._file.close()
        self._socket.close()

    def __call__(self, *words):
        """One command: redis("GET", "key")."""
        return self.all([words])[0]

    def all(self, commands):
        """Many commands in one go; their replies in order."""
        self._socket.sendall(b"".join(map(_encode, commands)))
        replies = [self.read() for _ in commands]
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def read(self):
        """The next reply, or message of a channel."""
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"$":
            return None if rest == "-1" else self._file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if rest == "-1" else [self.read() for _ in range(int(rest))]
        if kind == b"-":
            return RedisError(rest)
        return int(rest) if kind == b":" else rest


def _encode(words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    return b"".join(parts)
