"""What the page "Try it" needs beside its own files: the networks, and a runtime for them."""

from __future__ import annotations

import logging
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import onnx

from digitnet import DigitClassifier
from digitnet.datasets.folders import cache_folder

RUNTIME = "onnxruntime-web@1.30.0"
ISOLATION = [  # for which browsers let a page use several threads
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
]
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")

log = logging.getLogger("mkdocs.hooks.try_page")


def on_post_build(config) -> None:
    """Put networks and runtime beside the page."""
    page = Path(config["site_dir"], "try")
    classifier = DigitClassifier.pretrained()
    classifier.export_onnx(page / "digits.onnx")
    classifier.export_reader_onnx(page / "reader.onnx")
    metadata = onnx.load(page / "reader.onnx").metadata_props
    (settings,) = (entry.value for entry in metadata if entry.key == "settings")
    (page / "reader.json").write_text(settings)
    kept = cache_folder() / RUNTIME.replace("@", "-")
    if not all((kept / name).is_file() for name in FILES):
        if shutil.which("npm") is None:
            log.warning("npm is not installed: the page will not work. Install Node.js.")
            return
        _fetch(kept)
    for name in FILES:
        shutil.copy(kept / name, page / name)


def on_serve(server, **_) -> None:
    """Let `mkdocs serve` isolate the pages."""
    answer = server.get_app()

    def isolated(environ, start_response):
        return answer(
            environ, lambda status, headers: start_response(status, [*headers, *ISOLATION])
        )

    server.set_app(isolated)


def _fetch(folder: Path) -> None:
    """Get the runtime from npm, which checks that it is whole."""
    with tempfile.TemporaryDirectory() as place:
        command = ["npm", "pack", RUNTIME, "--pack-destination", place, "--silent"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(place).glob("*.tgz")
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as files:
            for name in FILES:
                content = files.extractfile(f"package/dist/{name}")
                assert content is not None
                (folder / name).write_bytes(content.read())
