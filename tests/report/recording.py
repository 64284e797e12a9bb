#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What MSM_OUTPUT promises, whatever happens to the process and to the disk."""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ARGS = None


def run(program, output, directory, options="", **more):
    environment = {
        **os.environ,
        "LD_PRELOAD": ARGS.library,
        "MSM_OUTPUT": str(output),
        "SECMALLOC_OPTIONS": options,
    }
    return subprocess.run(
        [ARGS.programs / program], env=environment, cwd=directory, capture_output=True, text=True,
        timeout=120, **more,
    )


def report(path, *arguments):
    done = subprocess.run([ARGS.tool, "report", *arguments, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def calls(path, text):
    return sum(text in line for line in report(path, "--calls").splitlines())


def every_call_of_fifty_threads(directory):
    assert run("threads", "x.msm", directory).returncode == 0
    lines = report(directory / "x.msm", "--calls").splitlines()
    made = {line.split(" = ")[1] for line in lines if "malloc(777)" in line}
    assert sum("malloc(777)" in line for line in lines) == 50_000
    freed = [line for line in lines if " free(" in line and line.split("(")[1][:-1] in made]
    assert len(freed) == 50_000, len(freed)
    assert "could not be recorded" not in report(directory / "x.msm")
    # The average of all calls, with the unused ends of fifty chunks.
    assert (directory / "x.msm").stat().st_size / len(lines) < 16 + 50 * 16384 / len(lines)


def counted_by_another(directory):
    """Every call that a program makes is in its report: counted by functions that are called before ours."""
    python = [sys.executable, "-S", "-c", "import json; x = [json.dumps({'a': i}) for i in range(3000)]"]
    for name, command in [("t", [ARGS.programs / "threads"]), ("p", python)]:
        reader, writer = os.pipe()
        environment = {
            **os.environ,
            "LD_PRELOAD": f"{ARGS.counter} {ARGS.library}",
            "MSM_OUTPUT": str(directory / f"{name}.msm"),
            "SECMALLOC_TEST_COUNTS": str(writer),
            "PYTHONMALLOC": "malloc",
        }
        subprocess.run(command, env=environment, cwd=directory, pass_fds=[writer], check=True, timeout=120)
        os.close(writer)
        said = os.read(reader, 1000).decode().split()
        os.close(reader)
        assert said[:1] == ["counted"], "the counter said nothing"
        made, freed, changed = (int(word) for word in said[1:])
        assert made > 5000, said
        lines = report(directory / f"{name}.msm").splitlines()
        functions = [line.split() for line in lines if line.startswith("    ")]
        recorded = {words[1]: int(words[0]) for words in functions if len(words) == 2 and words[0].isdigit()}
        assert recorded["malloc"] + recorded.get("calloc", 0) - made in range(10), (recorded, said)
        assert recorded.get("realloc", 0) - changed in range(10), (recorded, said)
        # What the C library frees of its own comes after the counter's last word.
        assert recorded["free"] - freed in range(100), (recorded, said)
        assert "could not be recorded" not in "".join(lines)


def order_between_threads(directory):
    """A block that another thread frees was made before, and its address is used again after: in the report, too."""
    assert run("handed", "o.msm", directory, "leaks=no").returncode == 0
    said = report(directory / "o.msm")
    left = re.search(r"(\d+) blocks? never freed", said)
    # What the C library keeps for its threads.
    assert left and int(left[1]) < 50, said


def killed_at_any_moment(directory):
    for _ in range(3):
        environment = {**os.environ, "LD_PRELOAD": ARGS.library, "MSM_OUTPUT": "k.msm"}
        endless = subprocess.Popen(
            [ARGS.programs / "endless"], env=environment, cwd=directory, stdout=subprocess.PIPE
        )
        endless.stdout.readline()
        endless.send_signal(signal.SIGKILL)
        endless.wait()
        endless.stdout.close()
        assert calls(directory / "k.msm", "malloc(555)") >= 20_000
        said = report(directory / "k.msm")
        assert "without exit" in said and "damaged" not in said, said


def left_without_exit(directory):
    assert run("leaver", "l.msm", directory).returncode == 0
    files = sorted(directory.glob("l.msm*"))
    assert len(files) == 2, files
    assert [calls(path, "malloc(333)") for path in files] == [1, 1]


def names(directory):
    assert run("leaver", "%e-%p%%.msm", directory).returncode == 0
    found = sorted(path.name for path in directory.glob("leaver-*%.msm"))
    assert len(found) == 2, found
    odd = run("leaver", "%q.msm", directory)
    assert odd.returncode == 0 and "unknown pattern '%q'" in odd.stderr, odd.stderr


def text(directory):
    assert run("leaver", "t.txt", directory).returncode == 0
    lines = (directory / "t.txt").read_text().splitlines()
    assert lines[0].startswith("# secmalloc ")
    assert sum(" malloc(333) = 0x" in line for line in lines) == 1
    assert len(list(directory.glob("t.*.txt"))) == 1


def nowhere(directory):
    for path, why in [
        ("/no/such/place/x.msm", "no such directory"),
        (str(directory), "it is a directory"),
        ("/dev/full", "regular file"),
        ("x" * 300, "name is too long"),
    ]:
        done = run("leaver", path, directory)
        assert done.returncode == 0, path
        assert done.stderr.count("\n") in (1, 2) and why in done.stderr, done.stderr


def full_disk(directory):
    disk = directory / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        return "nothing can be mounted here"
    try:
        done = run("threads", disk / "f.msm", directory)
        assert done.returncode == 0, done
        assert done.stderr.count("no space left") == 1, done.stderr
        assert calls(disk / "f.msm", "malloc(777)") > 1000
    finally:
        subprocess.run(["umount", disk], check=True)


def levels(directory):
    assert run("threads", "s.msm", directory, "trace=summary").returncode == 0
    said = report(directory / "s.msm")
    assert "50000" in said and not report(directory / "s.msm", "--calls"), said
    assert run("threads", "a.msm", directory, "trace=stacks").returncode == 0
    said = report(directory / "a.msm")
    assert " in work " in said, said


def what_is_no_report(directory):
    for content, why in [(b"", "empty"), (b"hello", "not an execution report")]:
        path = directory / "other"
        path.write_bytes(content)
        done = subprocess.run([ARGS.tool, "report", path], capture_output=True, text=True)
        assert done.returncode == 1 and why in done.stderr and str(path) in done.stderr, done


def run_command(directory):
    done = subprocess.run(
        [ARGS.tool, "run", "--library", ARGS.library, "--", ARGS.programs / "threads"],
        capture_output=True, text=True, cwd=directory,
    )
    assert done.returncode == 0 and "Call sites" in done.stdout, done
    done = subprocess.run(
        [ARGS.tool, "run", "--library", ARGS.library, "--", "false"], capture_output=True, cwd=directory
    )
    assert done.returncode == 1
    done = subprocess.run(
        [ARGS.tool, "run", "--library", ARGS.library, "--", "/no/such"], capture_output=True, text=True
    )
    assert done.returncode == 1 and "/no/such" in done.stderr, done


CASES = [
    every_call_of_fifty_threads, counted_by_another, order_between_threads, killed_at_any_moment, left_without_exit, names,
    text, nowhere, full_disk, levels, what_is_no_report, run_command,
]


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--tool", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--counter", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--programs", type=lambda path: Path(path).resolve(), required=True)
    ARGS = parser.parse_args()
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as directory:
            try:
                skipped = case(Path(directory))
                print("ok", number, "-", case.__name__, f"# SKIP {skipped}" if skipped else "")
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                print("not ok", number, "-", case.__name__)
                print("\n".join(f"# {line}" for line in repr(error).splitlines()))
        sys.stdout.flush()


main()
