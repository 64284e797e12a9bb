#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What is said of leaks, where, and the status that a program ends with."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ARGS = None
HERE = Path(__file__).parent


def build(name, directory):
    flags = ["-D_GNU_SOURCE", "-O1", "-g", "-fno-builtin", "-fno-omit-frame-pointer", "-pthread", "-w"]
    subprocess.run([*ARGS.cc, *flags, HERE / "said" / f"{name}.c", "-o", directory / name], check=True)
    return directory / name


def run(program, directory, *arguments, options="", output=None):
    environment = {**os.environ, "LD_PRELOAD": ARGS.library, "SECMALLOC_OPTIONS": options}
    if output:
        environment["MSM_OUTPUT"] = str(output)
    return subprocess.run(
        [program, *arguments], env=environment, cwd=directory, capture_output=True, text=True, timeout=60
    )


def report(path, *arguments, status=0):
    done = subprocess.run([ARGS.tool, "report", *arguments, path], capture_output=True, text=True)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout


def nothing_unless_asked(directory):
    done = run(build("loser", directory), directory)
    assert (done.returncode, done.stderr) == (3, ""), done
    done = run(build("loser", directory), directory, options="leaks=no:leak_exit_status=9")
    assert (done.returncode, done.stderr) == (3, ""), done


def message(directory):
    done = run(build("loser", directory), directory, options="leaks=yes")
    lines = done.stderr.splitlines()
    assert done.returncode == 3, done
    first = r"secmalloc: \d+: leak: exit: 1048 bytes in 11 blocks lost, 48 bytes in 1 block indirectly lost"
    assert re.fullmatch(first, lines[0]), lines
    assert sum(bool(re.fullmatch(r"  lost +0x[0-9a-f]+, \d+ bytes", line)) for line in lines) == 8, lines
    assert "  and 4 more" in lines and "  reachable        " in done.stderr, lines
    done = run(build("clean", directory), directory, options="leaks=yes:leak_exit_status=9")
    assert (done.returncode, done.stderr) == (3, ""), done


def status(directory):
    done = run(build("loser", directory), directory, options="leak_exit_status=23")
    assert done.returncode == 23 and "leak: exit: " in done.stderr, done
    # all that exit does is done: destructors, buffers
    assert done.stdout == "in the buffer, destructor", done


def no_normal_exit(directory):
    program = build("loser", directory)
    done = run(program, directory, "_exit", options="leak_exit_status=23")
    assert (done.returncode, done.stderr) == (3, ""), done
    done = run(program, directory, "abort", options="leak_exit_status=23")
    assert done.returncode == -6 and done.stderr == "", done


def groups(directory):
    done = run(build("loser", directory), directory, options="trace=stacks:leak_exit_status=23", output="r.msm")
    assert (done.returncode, done.stderr) == (23, ""), done
    said = report(directory / "r.msm")
    assert "Leaks at exit: lost 1048 bytes in 11 blocks; indirectly lost 48 bytes in 1 block; still reachable" in said, said
    found = [line for line in said.splitlines() if re.match(r"(indirectly )?lost: ", line)]
    assert [line.split(",")[0] for line in found] == [
        "lost: 1000 bytes in 10 blocks", "lost: 48 bytes in 1 block", "indirectly lost: 48 bytes in 1 block",
    ], said
    stack = said.split(found[0])[1].split("\n\n")[0]
    assert " in lose_one " in stack and "loser.c:8" in stack, stack


def without_stacks(directory):
    for options in ("trace=calls", "trace=summary"):
        path = directory / f"{options[6:]}.msm"
        run(build("loser", directory), directory, options=options, output=path)
        said = report(path)
        assert "lost 1048 bytes in 11 blocks" in said and "lost: 1048 bytes in 11 blocks" in said, said
    path = directory / "no.msm"
    run(build("loser", directory), directory, options="leaks=no", output=path)
    assert "lost" not in report(path).replace("could", ""), report(path)


def text(directory):
    done = run(build("loser", directory), directory, output="r.txt")
    lines = (directory / "r.txt").read_text().splitlines()
    assert done.stderr == "", done
    sums = [line for line in lines if line.startswith("# leak: exit: 1048 bytes in 11 blocks lost, 48 bytes in 1 block")]
    assert len(sums) == 1, lines
    assert sum(line.startswith("# lost: 0x") for line in lines) == 11, lines
    assert sum(line.startswith("# indirectly lost: 0x") for line in lines) == 1, lines


def suppressions(directory):
    run(build("loser", directory), directory, options="trace=stacks", output="r.msm")
    path, known = directory / "r.msm", directory / "known"

    def with_known(content, status):
        known.write_text(content)
        return report(path, "--suppressions", known, "--leak-exit-status", "7", status=status)

    report(path, "--leak-exit-status", "7", status=7)
    said = with_known("# one of two\nleak:^lose_one$\n", 7)
    assert "suppressed by leak:^lose_one$: 1000 bytes in 10 blocks" in said, said
    assert "lost: 1000 bytes" not in said and "lost: 48 bytes in 1 block" in said, said
    for all_of_it in ("leak:lose_one\nleak:make_list", "leak:said/loser.c", f"leak:^{directory}/*ser$", "leak:/loser"):
        said = with_known(all_of_it, 0)
        assert "\nlost: " not in said and "suppressed by" in said, said
    said = with_known("leak:^make\nleak:nobody", 7)
    assert "nobody" not in said and "indirectly lost: " not in said, said
    for wrong in ("race:x", "leak:", "x"):
        known.write_text(f"leak:fine\n{wrong}\n")
        done = subprocess.run(
            [ARGS.tool, "report", "--suppressions", known, path], capture_output=True, text=True
        )
        assert done.returncode == 1 and "line 2" in done.stderr, done


def run_command(directory):
    program = build("loser", directory)
    command = [ARGS.tool, "run", "--library", ARGS.library, "--leak-exit-status", "7", "--"]
    done = subprocess.run([*command, program], capture_output=True, text=True)
    assert done.returncode == 3 and " in lose_one " in done.stdout, done
    done = subprocess.run(
        [*command, "sh", "-c", f"{program}; true"], capture_output=True, text=True, cwd=directory
    )
    assert done.returncode == 0, done


CASES = [
    nothing_unless_asked, message, status, no_normal_exit, groups, without_stacks, text, suppressions, run_command,
]


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--tool", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--cc", nargs="+", required=True)
    ARGS = parser.parse_args()
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as directory:
            try:
                case(Path(directory))
                print("ok", number, "-", case.__name__)
            except (AssertionError, OSError, subprocess.SubprocessError, IndexError) as error:
                print("not ok", number, "-", case.__name__)
                print("\n".join(f"# {line}" for line in repr(error).replace("\\n", "\n").splitlines()))
        sys.stdout.flush()


main()
