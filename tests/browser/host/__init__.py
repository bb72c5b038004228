"""Another site on another origin: what a clinic's own pages are to the widget."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any

HERE = Path(__file__).parent
KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}


class Site:
    """Serves the files of this folder with `$name` filled from `values`; `headers` go with every answer."""

    def __init__(self, **values: str) -> None:
        self.values, self.headers = values, dict[str, str]()
        self.name = "localhost"  # another than 127.0.0.1, so that browsers see a third party
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = HERE / (self.path.split("?")[0].strip("/") or "clinic.html")
                if path.parent != HERE or path.suffix not in KINDS or not path.exists():
                    return self.send_error(404)
                self.send_response(200)
                for name, value in {"Content-Type": KINDS[path.suffix], **site.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(Template(path.read_text(encoding="utf-8")).safe_substitute(site.values).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        """Its own origin."""
        return f"http://{self.name}:{self.server.server_port}"

    def close(self) -> None:
        """Stops serving."""
        self.server.shutdown()
        self.server.server_close()
