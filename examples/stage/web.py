"""A small web server for one machine: files, JSON, and a stream of events."""
import http.server
import json
import os
import threading
import urllib.parse

from .stage import Failure

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_QUIET_SECONDS = 15  # then a comment says that the connection lives


class Feed:
    """The latest event for whoever listens; a listener that is slow skips some."""

    def __init__(self):
        self._changed = threading.Condition()
        self._number, self._event = 0, None

    def publish(self, event):
        with self._changed:
            self._number, self._event = self._number + 1, event
            self._changed.notify_all()

    def next(self, seen):
        """(number, event) of the newest event after number `seen`; waits for it, and answers (seen, None) if none comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > seen, _QUIET_SECONDS)
            return self._number, self._event if self._number > seen else None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _is_ours(self):
        """Not a page of another site that leads its visitors' browsers to this port."""
        own = {f"{host}:{self.server.server_port}" for host in ("127.0.0.1", "localhost")}
        origin = self.headers.get("Origin")
        return self.headers.get("Host") in own and (origin is None or origin.removeprefix("http://") in own)

    def _send(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _answer(self, method):
        address = urllib.parse.urlsplit(self.path)
        if not self._is_ours():
            self._send(403, b"This page is for this machine only.\n", "text/plain")
        elif (method, address.path) in self.server.calls:
            self._call(self.server.calls[method, address.path], dict(urllib.parse.parse_qsl(address.query)))
        elif method == "GET" and address.path in self.server.feeds:
            self._stream(self.server.feeds[address.path])
        elif method == "GET" and address.path in self.server.files:
            path = self.server.files[address.path]
            with open(path, "rb") as file:
                self._send(200, file.read(), _TYPES[os.path.splitext(path)[1]])
        else:
            self._send(404, b"There is no such page.\n", "text/plain")

    def _call(self, function, query):
        try:
            status, answer = 200, function(**query)
        except (TypeError, ValueError) as failure:
            status, answer = 400, {"error": str(failure)}
        except OSError as failure:
            status, answer = 503, {"error": str(failure)}
        self._send(status, json.dumps(answer).encode(), "application/json")

    def _stream(self, feed):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        seen = 0
        try:
            while True:
                seen, event = feed.next(seen)
                text = ": still here\n\n" if event is None else f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
                self.wfile.write(text.encode())
        except OSError:
            pass  # the page was closed

    def do_GET(self):
        self._answer("GET")

    def do_HEAD(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")
        self.close_connection = True  # a body, if there is one, is not read


class Web(http.server.ThreadingHTTPServer):
    """`files`: {path: file}; `calls`: {(method, path): function of the query, whose answer is sent as JSON};
    `feeds`: {path: Feed}."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, files, calls, feeds):
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as failure:
            raise Failure(f"port {port} of 127.0.0.1 cannot be opened: {failure.strerror}") from failure
        self.files, self.calls, self.feeds = files, calls, feeds
        threading.Thread(target=self.serve_forever, daemon=True).start()
