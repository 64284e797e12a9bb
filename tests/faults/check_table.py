# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks that expected.tsv, the programs beside it and the library's list of faults agree.

usage: check_table.py TABLE FAULT_RS

FAULT_RS is the source file whose array NAMES holds the names of all faults.
"""

import pathlib
import re
import sys

from table import read_table

# The numbers it compares lie in memory that no pointer of the program leads to, so no correct C
# compiler makes a program of ours that changes them. Its test is a Rust unit test.
NO_PROGRAM = {"metadata-corruption"}


def fault_names(source):
    """The strings of the array NAMES."""
    array = re.search(r"\bNAMES\b[^=]*=\s*\[(.*?)\]", source, re.DOTALL)
    return set(re.findall(r'"([a-z-]+)"', array[1])) if array else set()


def main():
    table, fault_rs = map(pathlib.Path, sys.argv[1:])
    rows = read_table(table).values()
    tested = {row.fault for row in rows if row.fault}
    known = fault_names(fault_rs.read_text())
    sources = {path.stem for path in table.parent.iterdir() if path.suffix in (".c", ".cpp")}
    listed = {row.program for row in rows}
    lists = {
        f"no fault name found in {fault_rs}": set() if known else {"NAMES"},
        "fault without a row": known - tested - NO_PROGRAM,
        "fault in the table that the library does not know": tested - known,
        "fault that is exempt from having a row, but unknown or tested": NO_PROGRAM
        - (known - tested),
        "program without a row": sources - listed,
        "row without a program": listed - sources,
    }
    for text, names in lists.items():
        for name in sorted(names):
            print(f"{text}: {name}")
    return 1 if any(lists.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
