#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The option `report_dir`: each fault that stops a process leaves a report of its own."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ARGS = None


def build(directory, name):
    source = Path(__file__).parent / "kept" / f"{name}.c"
    command = [*ARGS.cc, "-O2", "-g", "-fno-builtin", "-w", "-pthread", source, "-o", directory / name]
    subprocess.run(command, check=True)
    return directory / name


def run(program, *arguments, options, **more):
    environment = {**os.environ, "LD_PRELOAD": ARGS.library, "SECMALLOC_OPTIONS": options}
    process = subprocess.Popen([program, *arguments], env=environment, stderr=subprocess.PIPE, **more)
    _, text = process.communicate(timeout=60)
    return process, text.decode(errors="backslashreplace")


def whole(directory):
    program, reports = build(directory, "named"), directory / "reports"
    reports.mkdir()
    for size in ["100", "100000"]:
        process, text = run(program, size, options=f"stacks=all:report_dir={reports}")
        assert process.returncode < 0 and "report_dir" not in text, text
        path = reports / f"named-{process.pid}.msm"
        assert os.listdir(reports) == [path.name], os.listdir(reports)
        assert path.stat().st_mode & 0o7777 == 0o600
        shown = subprocess.run([ARGS.tool, "report", path], capture_output=True, text=True)
        assert shown.returncode == 0 and "damaged" not in shown.stdout, shown
        first = text.splitlines()[0]
        lines = shown.stdout.splitlines()
        assert first in lines and f"process    {process.pid}" in shown.stdout, shown.stdout
        parts = shown.stdout.split("  found by ")[1].split("  freed:")
        assert " in main " in parts[0] and " in ender " in parts[1], shown.stdout
        assert " in maker " in parts[1].split("  allocated:")[1], shown.stdout
        path.unlink()


def only_what_stops(directory):
    program, reports = build(directory, "twice"), directory / "reports"
    reports.mkdir()
    process, text = run(program, options=f"policy=report:report_dir={reports}")
    assert process.returncode == 0 and "double-free" in text
    assert os.listdir(reports) == []


def nothing_there_is_touched(directory):
    program, reports, victim = build(directory, "named"), directory / "reports", directory / "victim"
    reports.mkdir()
    victim.write_text("as it was")

    def place():
        os.symlink(victim, reports / f"named-{os.getpid()}.msm")
        os.symlink(directory / "nowhere", reports / f".named-{os.getpid()}.unfinished")

    process, text = run(program, "100", options=f"report_dir={reports}", preexec_fn=place)
    assert "report_dir" not in text, text
    assert victim.read_text() == "as it was" and not (directory / "nowhere").exists()
    own = reports / f"named-{process.pid}.2.msm"
    assert own.stat().st_size >= 4096 and not own.is_symlink()
    assert len(os.listdir(reports)) == 3, os.listdir(reports)


def one_clear_line(directory):
    program = build(directory, "named")
    a_file = directory / "file"
    a_file.touch()
    for path, why in [
        ("/no/such/place", "no such directory"),
        (a_file, "not a directory"),
        ("/" + "x" * 4000, "name is too long"),
    ]:
        process, text = run(program, "100", options=f"report_dir={path}")
        said = [line for line in text.splitlines() if "report_dir" in line]
        assert process.returncode < 0 and "double-free" in text, text
        assert len(said) == 1 and why in said[0] and f"'{path}/named-{process.pid}.msm'" in said[0] or len(str(path)) > 999, text
    process, text = run(program, "100", options="report_dir=here")
    assert "it accepts an absolute path" in text, text


def full_disk(directory):
    program, disk = build(directory, "named"), directory / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        return "nothing can be mounted here"
    try:
        (disk / "full").write_bytes(b"x" * 4096)
        process, text = run(program, "100", options=f"report_dir={disk}")
        assert text.count("no space left") == 1, text
        assert os.listdir(disk) == ["full"], os.listdir(disk)
    finally:
        subprocess.run(["umount", disk], check=True)


CASES = [whole, only_what_stops, nothing_there_is_touched, one_clear_line, full_disk]


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", nargs="+", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--tool", type=lambda path: Path(path).resolve(), required=True)
    ARGS = parser.parse_args()
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as directory:
            try:
                skipped = case(Path(directory))
                print("ok", number, "-", case.__name__, f"# SKIP {skipped}" if skipped else "")
            except (AssertionError, OSError, subprocess.SubprocessError, IndexError) as error:
                print("not ok", number, "-", case.__name__)
                print("\n".join(f"# {line}" for line in repr(error).replace("\\n", "\n").splitlines()))
        sys.stdout.flush()


main()
