"""Four small files that pass for MNIST's, and a server that has them."""

from __future__ import annotations

import gzip
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch


def _files() -> dict[str, bytes]:
    """Four small files in MNIST's format."""
    generator = torch.Generator().manual_seed(0)
    files = {}
    for part, count in (("train", 30), ("t10k", 10)):
        pixels = torch.randint(256, (count, 28, 28), generator=generator, dtype=torch.uint8)
        labels = torch.randint(10, (count,), generator=generator, dtype=torch.uint8)
        header = struct.pack(">IIII", 2051, count, 28, 28)
        files[f"{part}-images-idx3-ubyte"] = header + pixels.numpy().tobytes()
        files[f"{part}-labels-idx1-ubyte"] = struct.pack(">II", 2049, count) + bytes(
            labels.tolist()
        )
    return files


FILES = _files()


def put(folder: Path, *, packed: bool = False, leave_out: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        if name != leave_out:
            path = folder / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder


def check(found) -> None:
    train, test = found
    assert (len(train), len(test)) == (30, 10)
    assert train.images.numpy().tobytes() == FILES["train-images-idx3-ubyte"][16:]
    assert bytes(test.labels.tolist()) == FILES["t10k-labels-idx1-ubyte"][8:]


class Server:
    """Serve files on loopback; note what was asked for."""

    def __init__(self) -> None:
        self.files = {f"{name}.gz": gzip.compress(content) for name, content in FILES.items()}
        self.asked: list[str] = []
        self.length: dict[str, int] = {}
        self.status: dict[str, int] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.lstrip("/")
                server.asked.append(name)
                if name not in server.files or name in server.status:
                    self.send_error(server.status.get(name, 404))
                    return
                content = server.files[name]
                self.send_response(200)
                self.send_header("Content-Length", str(server.length.get(name, len(content))))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
