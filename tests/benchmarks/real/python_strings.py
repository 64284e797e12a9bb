# SPDX-License-Identifier: MIT OR Apache-2.0
"""Strings and dictionaries: JSON there and back, counting words, replacing, formatting."""

import json
import os
import re
from collections import Counter

scale = float(os.environ["SCALE"])

ends = ("ala", "ero", "in", "ourest")
words = [f"{start}{end}{n % 13}" for n, start in enumerate("kmnprstvz") for end in ends]
records = [
    {
        "id": n,
        "name": " ".join(words[(n * k) % len(words)] for k in range(1, 5)),
        "tags": [words[(n + k) % len(words)] for k in range(n % 6)],
        "place": {"x": n / 7, "y": n / 11, "note": None if n % 3 else "ü" * (n % 40)},
    }
    for n in range(int(45000 * scale) + 10)
]
text = json.dumps(records)
again = json.loads(text)
print(len(text), again == records)

by_name = {}
for record in again:
    by_name.setdefault(record["name"], []).append(record)
lines = [f"{name}: {len(found):>4} {found[0]['place']['x']:.3f}" for name, found in by_name.items()]
print(len(lines), len("\n".join(sorted(lines))))

counts = Counter(re.findall(r"[a-z]+\d*", text))
print(counts.most_common(3))
print(len(re.sub(r'"(\w+)":', lambda m: m.group(1).upper() + "=", text)))
print(len(set(text[n : n + 12] for n in range(0, len(text), 9))))
