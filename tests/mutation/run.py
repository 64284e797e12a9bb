#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Breaks the heap on purpose, a bug at a time, and tells which bugs no test sees.

usage: tests/mutation/run.py [WORD]    of bugs.tsv, only the lines that begin with WORD

Needs build/release (./check release). The library is built anew from a copy with the bug in it, and
it takes the place of the staged one meanwhile, so that the test programs of the `shared` variant load
it as they are. Ends with 1 where a bug lives, or where a line of bugs.tsv fits the code no more.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / 'build' / 'mutation'
COPY = WORK / 'source'
TESTS = ROOT / 'build' / 'release'
SUITES = ('stress', 'faults', 'api', 'vault')
# Each test has its own limit; this is for the machine that they run on.
PATIENCE = 3600
FAILED = re.compile(r'\d+/\d+ .*? - secmalloc:(\S+) +(FAIL|TIMEOUT|ERROR) ')


def bugs(word):
    for line in (HERE / 'bugs.tsv').read_text().splitlines():
        if not line.startswith('#') and line.startswith(word):
            name, file, there, instead = line.replace('\\n', '\n').split('\t')
            yield name, file, there, instead


def copy_sources():
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in ('Cargo.toml', 'Cargo.lock', 'rust', 'capi'):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, COPY / name)
        else:
            shutil.copy2(source, COPY / name)


def build():
    """A library that is built quickly, not well; None where it does not build."""
    environment = os.environ | {
        'CARGO_PROFILE_RELEASE_LTO': 'off',
        'CARGO_PROFILE_RELEASE_CODEGEN_UNITS': '16',
        'CARGO_PROFILE_RELEASE_DEBUG': '0',
    }
    command = ['cargo', 'cbuild', '--locked', '--release', '--offline', '--library-type', 'cdylib',
               '--package', 'secmalloc', '--target-dir', WORK / 'target']
    done = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-2000:])
        return None
    return max((WORK / 'target').glob('*/release/libsecmalloc.so'), key=lambda f: f.stat().st_mtime)


def put(library):
    """The staged library, which all programs load, becomes this one."""
    staged = next((TESTS / 'capi' / 'stage').rglob('libsecmalloc.so')).resolve()
    new = staged.with_suffix('.new')
    shutil.copy2(library, new)
    new.replace(staged)
    return staged


def seen_by(library):
    """The first test that fails with this library."""
    put(library)
    command = ['meson', 'test', '-C', TESTS, '--no-rebuild', '--maxfail', '1']
    command += [f'--suite={suite}' for suite in SUITES] + ['--no-suite=static', '--no-suite=preload']
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE,
                              env=os.environ | {'MESON_TESTTHREADS': '2'})
    except subprocess.TimeoutExpired:
        return 'nothing, but the tests do not end'
    failed = FAILED.search(done.stdout)
    if failed:
        return failed[1]
    return 'meson: ' + done.stderr[-200:] if done.returncode else None


def run(word):
    """How many bugs live."""
    # Without a bug, all is well: else everything below means nothing.
    library = build()
    if library is None or (seen := seen_by(library)):
        sys.exit(f'the tests fail without a bug: {seen if library else "it does not build"}')
    alive = 0
    for name, file, there, instead in bugs(word):
        path = COPY / 'rust' / file
        code = path.read_text()
        if code.count(there) != 1:
            verdict = 'THE CODE HAS CHANGED: this line of bugs.tsv fits no more'
            alive += 1
        else:
            path.write_text(code.replace(there, instead, 1))
            library = build()
            seen = seen_by(library) if library else 'the compiler'
            path.write_text(code)
            verdict = f'seen by {seen}' if seen else 'LIVES'
            alive += not seen
        print(f'{name:52} {verdict}', flush=True)
    return alive


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ''
    copy_sources()
    staged = next((TESTS / 'capi' / 'stage').rglob('libsecmalloc.so')).resolve()
    kept = WORK / 'kept.so'
    shutil.copy2(staged, kept)
    try:
        sys.exit(1 if run(word) else 0)
    finally:
        put(kept)


if __name__ == '__main__':
    main()
