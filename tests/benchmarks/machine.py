# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the figures were measured on."""

import os
import platform
import re
import subprocess
from pathlib import Path


def text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError:
        return ""


def first(pattern: str, where: str) -> str:
    found = re.search(pattern, where, re.MULTILINE)
    return found.group(1) if found else "unknown"


def said(*command: str) -> str:
    """The first line of what a command prints; nothing if it fails."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return ran.stdout.strip().partition("\n")[0] if ran.returncode == 0 else ""


def describe() -> dict[str, str]:
    cpuinfo = text("/proc/cpuinfo")
    huge = first(r"\[(\w+)\]", text("/sys/kernel/mm/transparent_hugepage/enabled"))
    memory = int(first(r"MemTotal:\s+(\d+)", text("/proc/meminfo")))
    virtual = " (virtual machine)" if re.search(r"^flags.*\bhypervisor\b", cpuinfo, re.M) else ""
    return {
        "processor": first(r"^model name\s*:\s*(.*)$", cpuinfo) + virtual,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 2**20:.1f} GiB",
        "architecture": platform.machine(),
        "kernel": f"{platform.system()} {platform.release()}",
        "system": first(r'^PRETTY_NAME="?([^"\n]*)', text("/etc/os-release")),
        "transparent huge pages": huge,
        "C compiler": said("cc", "--version"),
        "Rust compiler": said("rustc", "--version"),
        "load at the start": f"{os.getloadavg()[0]:.2f}",
    }


def revision() -> str:
    """The commit that was measured; nothing outside of a checkout."""
    commit = said("git", "rev-parse", "--short=12", "HEAD")
    changed = said("git", "status", "--porcelain", "--untracked-files=no")
    return f"{commit} with changes" if commit and changed else commit
