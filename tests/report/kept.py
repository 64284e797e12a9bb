#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a message knows of a block without any report: stacks and threads of allocation and free."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ARGS = None
PLACES = Path(__file__).parent / "kept"
MISSING = "SECMALLOC_OPTIONS=profile=diagnose keeps all)"


def build(directory, name, *flags, source=None):
    output = directory / name
    command = [*ARGS.cc, "-O2", "-g", "-fno-builtin", "-w", "-pthread", *flags, PLACES / (source or f"{name}.c")]
    subprocess.run([*command, "-o", output, "-ldl"], check=True)
    return output


def run(program, *arguments, options=""):
    environment = {**os.environ, "LD_PRELOAD": ARGS.library, "SECMALLOC_OPTIONS": options}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, timeout=120)
    return done.returncode, done.stderr.decode(errors="backslashreplace")


def messages(text):
    return ["secmalloc: " + piece for piece in text.split("secmalloc: ")[1:]]


def part(message, name):
    """The title and the frames of one part of a message; None if it has none."""
    lines = message.splitlines()
    for at, line in enumerate(lines):
        if line.startswith(f"  {name} by thread "):
            frames = []
            for frame in lines[at + 1 :]:
                if not frame.startswith("    "):
                    break
                frames.append(frame)
            return line, frames
    return None


def functions(program, frames):
    offsets = [re.search(r"\((.*)\+(0x[0-9a-f]+)\)", frame) for frame in frames]
    own = [found[2] for found in offsets if found and found[1] == str(program)]
    said = subprocess.run(["addr2line", "-f", "-e", program, *own], capture_output=True, text=True, check=True)
    return said.stdout.splitlines()[::2]


def sampled(directory):
    program = build(directory, "sampled")
    status, text = run(program, options="policy=report")
    said = messages(text)
    assert status == 0 and len(said) == 6000, (status, len(said))
    known = [message for message in said if part(message, "allocated")]
    assert 3 <= len(known) < 600, len(known)
    for message in known:
        assert functions(program, part(message, "allocated")[1])[:1] == ["maker"], message
        assert "300-byte block written past its end, first at offset 300" in message, message
        assert MISSING not in message
    unknown = [message for message in said if message not in known]
    assert all(f"  (no stack was kept of the allocation: {MISSING}" in message for message in unknown)


def sampled_and_freed(directory):
    program = build(directory, "twice")
    status, text = run(program, options="policy=report")
    said = messages(text)
    assert status == 0 and len(said) == 6000, (status, len(said))
    known = [message for message in said if part(message, "allocated")]
    assert 3 <= len(known) < 600, len(known)
    for message in known:
        assert functions(program, part(message, "freed")[1])[:1] == ["ender"], message
        assert functions(program, part(message, "allocated")[1])[:1] == ["maker"], message
    assert all("the allocation and the free" in message for message in said if message not in known)


def all_with_names(directory):
    program = build(directory, "named")
    for options in ["stacks=all", "profile=diagnose"]:
        for size in ["100", "3000", "100000", "0"]:
            _, text = run(program, size, options=options)
            freed, allocated = part(text, "freed"), part(text, "allocated")
            assert freed and allocated, text
            assert "(the maker)" in allocated[0] and "(e?)" in freed[0], text
            assert functions(program, freed[1])[0] == "ender", text
            assert functions(program, allocated[1])[0] == "maker", text
            assert "  thread     " in text and "(named) in free" in text, text


def large_by_default(directory):
    program = build(directory, "named")
    _, text = run(program, "100000")
    assert functions(program, part(text, "freed")[1])[0] == "ender", text
    assert functions(program, part(text, "allocated")[1])[0] == "maker", text


def none(directory):
    program = build(directory, "named")
    for size in ["100", "100000"]:
        _, text = run(program, size, options="stacks=none")
        assert not part(text, "freed") and not part(text, "allocated"), text
        assert f"(no stack was kept of the allocation and the free: {MISSING}" in text, text


def unloaded(directory):
    program = build(directory, "unloaded")
    first, second = (
        build(directory, f"plugin{number}.so", f"-DNUMBER={number}", "-shared", "-fPIC", source="plugin.c")
        for number in (1, 2)
    )
    _, text = run(program, first, second, options="stacks=all")
    assert "plugin" not in text, text
    assert "#0  " in text and "(in a library that was unloaded)" in part(text, "allocated")[1][0], text
    _, text = run(program, first, first, options="stacks=all")
    assert "double-free" in text, text


def around(directory):
    """Neighbours and bytes; of live blocks and of intact canaries, nothing."""
    program = build(directory, "around")
    environment = {**os.environ, "LD_PRELOAD": ARGS.library}
    for how, wanted in [
        ("overflow", ["  expected   ?? ??", '"OVERFLOWOVER"']),
        ("write", ["  found      57 52 == ==", '"WR', "== 54", "  further    1 more of the bytes", "  at         {:#x}"]),
    ]:
        done = subprocess.run([program, how], env=environment, capture_output=True, text=True, timeout=120)
        low, middle, high = (int(word, 16) for word in done.stdout.split())
        text = done.stderr
        wanted = [f"  before     {low:#x}, 100 bytes, allocated", f"  behind     {high:#x}, 100 bytes, allocated", *wanted]
        assert all(piece.format(middle + 40) in text for piece in wanted), text
        bytes_shown = [line for line in text.splitlines() if line.startswith(("  expected ", "  found "))]
        assert bytes_shown, text
        assert not any(re.search(r"SS|\b53\b", line) for line in bytes_shown), text


def astray(directory):
    """A pointer to no block: the block that it was likely meant for."""
    program = build(directory, "astray")
    environment = {**os.environ, "LD_PRELOAD": ARGS.library}
    for size, distance in [("100", ""), ("131072", ", 16 bytes away")]:
        done = subprocess.run([program, size], env=environment, capture_output=True, text=True, timeout=120)
        assert "pointer is to memory that was never allocated" in done.stderr, done.stderr
        block = int(done.stdout, 16)
        wanted = rf"^  behind     {block:#x}, {size} bytes, allocated by thread \d+{distance}$"
        assert re.search(wanted, done.stderr, re.MULTILINE), done.stderr


def in_one_piece(directory):
    """However much is known, a message is one write, no longer than a pipe takes at once."""
    program = build(directory, "named")
    reader, writer = os.pipe()
    environment = {**os.environ, "LD_PRELOAD": ARGS.library, "SECMALLOC_OPTIONS": "stacks=all"}
    subprocess.run([program, "100"], env=environment, stderr=writer)
    os.close(writer)
    text = os.read(reader, 1 << 20)
    os.close(reader)
    assert 500 < len(text) <= 4096, len(text)


CASES = [sampled, sampled_and_freed, all_with_names, large_by_default, none, unloaded, around, astray, in_one_piece]


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", nargs="+", required=True)
    parser.add_argument("--library", required=True)
    ARGS = parser.parse_args()
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as directory:
            try:
                case(Path(directory))
                print("ok", number, "-", case.__name__)
            except (AssertionError, OSError, subprocess.SubprocessError, IndexError, TypeError) as error:
                print("not ok", number, "-", case.__name__)
                print("\n".join(f"# {line}" for line in repr(error).replace("\\n", "\n").splitlines()))
        sys.stdout.flush()


main()
