# SPDX-License-Identifier: MIT OR Apache-2.0
"""One measured run of one line with one allocator."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from building import BENCH, TOOLS
from lines import HERE, PATH, Line
from peers import Allocator

MEASURE = (TOOLS / "measure").resolve()
PROGRAMS = (TOOLS / "programs").resolve()
SCRATCH = (BENCH / "scratch").resolve()
INPUTS = (BENCH / "inputs").resolve()
# How often `true` is started in the loop that the line "startup" measures.
STARTS = 500
SHOWN = 300


class RunFailed(Exception):
    """A run that did not end as it should have."""


@dataclass
class Run:
    """What was measured, and a digest of what the program said and wrote."""

    sample: dict[str, Any]
    output: str
    metrics: dict[str, float] = field(default_factory=dict)


def environment(line: Line, scale: float, directory: Path) -> dict[str, str]:
    """Small and fixed: nothing of the caller's may decide a figure."""
    return {
        "PATH": PATH,
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "INPUTS": str(INPUTS / f"{line.name}-{scale:g}"),
        "SCALE": f"{scale:g}",
    }


def command(line: Line, scale: float) -> tuple[int, list[str]]:
    """How often a line's command runs, and the command."""
    if line.group == "start":
        return max(20, int(STARTS * scale)), [f"/usr/bin/{line.program}"]
    if line.group == "real":
        return 1, verb(line, "run")
    return 1, [str(PROGRAMS / line.program), *line.arguments, f"{scale:g}"]


def verb(line: Line, name: str) -> list[str]:
    return ["/bin/sh", "-eu", str(HERE / "real/act.sh"), str(line.script), name, *line.arguments]


def prepare(line: Line, scale: float) -> None:
    """Makes the inputs of a real program, if they are not there from an earlier run."""
    if line.group != "real":
        return
    done = INPUTS / f"{line.name}-{scale:g}"
    # What made them is part of them.
    text = line.script.read_bytes() + (HERE / "real/act.sh").read_bytes()
    stamp, wanted = done / ".made-by", hashlib.sha256(text).hexdigest()
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    making = done.with_suffix(f"{done.suffix}.tmp")
    for directory in (making, done):
        shutil.rmtree(directory, ignore_errors=True)
    making.mkdir(parents=True)
    env = {**environment(line, scale, making), "INPUTS": str(making)}
    made = subprocess.run(
        verb(line, "prepare"), cwd=making, env=env, capture_output=True, text=True, check=False,
        errors="replace",
    )
    if made.returncode != 0:
        raise RunFailed(f"making its input failed: {made.stderr.strip()[-SHOWN:]}")
    (making / ".made-by").write_text(wanted, "utf-8")
    os.replace(making, done)


def digest(directory: Path, out: bytes) -> str:
    """Of standard output and of every file that the run left."""
    total = hashlib.sha256(out)
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink():
            total.update(str(path.relative_to(directory)).encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def metrics(out: bytes) -> dict[str, float]:
    """The lines `key value` that a program of ours printed about itself."""
    found = {}
    for row in out.decode(errors="replace").splitlines():
        key, _, value = row.partition(" ")
        try:
            found[key] = float(value)
        except ValueError as error:
            raise RunFailed(f"it printed {row[:SHOWN]!r}, not `key value`") from error
    return found


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """Ends what is left of a run, with everything that it started."""
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def run(line: Line, allocator: Allocator, scale: float, limit: float) -> Run:
    """Runs and measures; RunFailed if it fails or takes more than `limit` seconds."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    work = SCRATCH / "run"
    work.mkdir(parents=True)
    env = environment(line, scale, work)
    times, words = command(line, scale)
    read, write = os.pipe()
    children: list[subprocess.Popen[bytes]] = []
    try:
        with open(SCRATCH / "out", "w+b") as out, open(SCRATCH / "err", "w+b") as err:
            children.append(
                subprocess.Popen(
                    [str(MEASURE), str(write), str(times), allocator.path, *words],
                    cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                    pass_fds=[write], start_new_session=True,
                )
            )
            os.close(write)
            # A server is measured; its client runs beside it, without the allocator.
            if line.says("drive() {"):
                children.append(
                    subprocess.Popen(
                        verb(line, "drive"), cwd=work, env=env, stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL, stderr=err, start_new_session=True,
                    )
                )
            for child in reversed(children):
                if child.wait(limit) != 0:
                    who = "measure" if child is children[0] else "the client"
                    raise RunFailed(f"{who} ended with {child.returncode}: {tail(err)}")
            sample = json.loads(os.read(read, 4096))
            out.seek(0)
            said = out.read()
            if sample["status"] != 0:
                raise RunFailed(f"{ending(sample['status'])}: {tail(err) or tail(out)}")
    except subprocess.TimeoutExpired as error:
        raise RunFailed(f"no end after {limit:.0f} s") from error
    finally:
        stop(children)
        os.close(read)
    per_start = {"wall", "cpu", "faults"} if times > 1 else set()
    sample = {k: v / times if k in per_start else v for k, v in sample.items() if k != "status"}
    if line.group in ("one", "threads"):
        return Run(sample, "", metrics(said))
    return Run(sample, "" if line.says("# output: varies") else digest(work, said))


def ending(status: int) -> str:
    """A wait status in words."""
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"status {os.WEXITSTATUS(status)}"


def tail(file: Any) -> str:
    """The last words of an open file."""
    file.seek(0)
    text = file.read().decode(errors="replace").strip()
    return " ".join(text.split())[-SHOWN:]
