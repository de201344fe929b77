"""Files from the network: with a time-out, bounded retries and a progress bar."""

from __future__ import annotations

import os
import time
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException
from urllib.error import HTTPError

from digitnet.errors import DatasetUnavailableError

TIMEOUT_SECONDS = 20.0  # without a byte
LIMIT_SECONDS = 600.0  # for a file in all
ATTEMPTS = 2  # of each address
_BLOCK = 1 << 16


def is_offline() -> bool:
    """Say whether the environment variable `DIGITNET_OFFLINE` forbids downloads."""
    return os.environ.get("DIGITNET_OFFLINE", "0") not in ("", "0")


def fetch(urls: Sequence[str], check: Callable[[bytes], object]) -> bytes:
    """Return the first download that passes a check, which raises `ValueError` or `OSError`.

    The URLs are of the same file, in order of preference.

    Raises:
        DatasetUnavailableError: No URL gave it; the message has a line for each try.
    """
    if is_offline():
        raise DatasetUnavailableError("download: not tried, as DIGITNET_OFFLINE is set")
    failures = []
    for url in urls:
        for _ in range(ATTEMPTS):
            try:
                content = _download(url)
                check(content)
            except (OSError, ValueError, HTTPException) as error:  # URLError is an OSError
                failures.append(f"{url}: {error or type(error).__name__}")
                if isinstance(error, HTTPError) and error.code < 500:
                    break  # the server says that asking again is no use
            else:
                return content
    raise DatasetUnavailableError("\n".join(failures))


def _download(url: str) -> bytes:
    from tqdm.auto import tqdm

    deadline = time.monotonic() + LIMIT_SECONDS
    content = bytearray()
    request = urllib.request.Request(url, headers={"User-Agent": "digitnet"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        expected = response.length
        with tqdm(
            total=expected, desc=url.rpartition("/")[2], unit="B", unit_scale=True, mininterval=0.1
        ) as bar:
            while block := response.read(_BLOCK):
                content += block
                bar.update(len(block))
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not finished after {LIMIT_SECONDS:.0f} seconds")
    if expected is not None and len(content) != expected:
        raise OSError(f"cut off after {len(content):,} of {expected:,} bytes")
    return bytes(content)
