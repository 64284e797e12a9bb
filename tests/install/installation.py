# SPDX-License-Identifier: MIT OR Apache-2.0
"""An installation into a directory of its own, seen through pkg-config alone."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path


class Installation:
    """`meson install` under a temporary DESTDIR, removed at the end of a `with` block."""

    def __init__(self, meson, build, prefix, libdir, pkg_config):
        self.root = Path(tempfile.mkdtemp(prefix="secmalloc-install-"))
        self.libdir = self.root / os.path.join(prefix, libdir).lstrip("/")
        self.include = self.root / prefix.lstrip("/") / "include"
        self._pkg_config = pkg_config
        subprocess.run(
            [meson, "install", "--quiet", "--no-rebuild", "-C", build, "--destdir", self.root],
            check=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def pkg_config(self, *arguments):
        """The words that pkg-config prints, of this installation and of no other."""
        environment = dict(
            os.environ,
            PKG_CONFIG_LIBDIR=str(self.libdir / "pkgconfig"),
            PKG_CONFIG_SYSROOT_DIR=str(self.root),
            # Do not leave out -I and -L of a prefix that the compiler searches anyway.
            PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1",
            PKG_CONFIG_ALLOW_SYSTEM_LIBS="1",
        )
        environment.pop("PKG_CONFIG_PATH", None)
        done = subprocess.run(
            [self._pkg_config, *arguments],
            check=True, capture_output=True, text=True, env=environment,
        )
        return done.stdout.split()
