"""What a run ran on, as a table of figures says it."""

from __future__ import annotations

import os
import platform
import sys
from datetime import date
from pathlib import Path

import torch

from digitnet.version import __version__


def describe() -> dict[str, str]:
    """Return processor, GPU where there is one, cores, threads, versions and date."""
    return {
        "processor": _processor(),
        **({"gpu": torch.cuda.get_device_name()} if torch.cuda.is_available() else {}),
        "cores": str(os.cpu_count()),
        "threads": str(torch.get_num_threads()),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "digitnet": __version__,
        "date": date.today().isoformat(),
    }


def peak_memory_mib() -> float | None:
    """Return the peak resident memory of this process in MiB, or `None` where it is unknown."""
    status = Path("/proc/self/status")  # Linux: `resource` begins at the parent's peak
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes, else KiB


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
