"""A server that says what a test wants said, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """`says` is the status and the body of each path; anything else is a 404."""

    def __init__(self, says: dict[str, tuple[int, str]]) -> None:
        self.says, self.asked = says, list[str]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                status, body = outer.says.get(self.path, (404, ""))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"


@contextmanager
def server(says: dict[str, tuple[int, str]]) -> Iterator[Server]:
    """It listens until this ends."""
    found = Server(says)
    thread = threading.Thread(target=found.http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield found
    finally:
        found.http.shutdown()
        thread.join()
        found.http.server_close()
