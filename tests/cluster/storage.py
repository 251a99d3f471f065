"""A storage that signed URLs lead to, as a real HTTP server."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

from domain.kernel.wire import InspectOrder, ModelRef


class Storage:
    """A real HTTP server that counts what it is asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        storage = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                storage.requests.append(self.path)
                body = storage.files.get(self.path)
                self.send_response(200 if body is not None else 403)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the base class's name)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def put(self, name: str, data: bytes, *, kind: str = "safetensors") -> ModelRef:
        """Put a file there and give the reference that a render order would carry."""
        self.files[f"/{name}"] = data
        url = f"http://127.0.0.1:{self._server.server_port}/{name}"
        return ModelRef(uuid4(), url, hashlib.sha256(data).hexdigest(), len(data), kind)

    def to_inspect(self, name: str, data: bytes, *, registry_version: int) -> InspectOrder:
        """Put a file there and order its inspection."""
        model = self.put(name, data)
        return InspectOrder(uuid4(), 1, name, model.size_bytes, model.url, registry_version)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
