#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# act.sh SCRIPT VERB [ARGUMENT...]: does one thing of a real program.
#
# A script of this folder defines shell functions:
#   prepare   makes the input in the current directory, once; not measured
#   run       ends with `exec PROGRAM`: this is measured, in an empty directory
#   drive     only of a server: runs beside it, puts it under load and stops it; not measured
# INPUTS is the directory that `prepare` filled, SCALE the amount of work (1: one to three seconds
# with glibc's malloc). What `run` prints, and the files it leaves, must be the same with
# every allocator, unless the script says `# output: varies`.
# Lines `# needs: PROGRAM PACKAGE` name what it runs and the Debian package that brings it.

# A number of things, by SCALE; never none. For `prepare`: it starts a process.
scaled() { awk -v n="$1" -v s="$SCALE" 'BEGIN { n *= s; printf "%d", n < 1 ? 1 : n }'; }

prepare() { :; }

# No process for it: this is within what is measured.
# shellcheck disable=SC2034 # the scripts use it
HERE=${1%/*}
script=$1 verb=$2
shift 2
# shellcheck disable=SC1090
. "$script"
"$verb" "$@"
