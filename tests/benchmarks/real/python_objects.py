# SPDX-License-Identifier: MIT OR Apache-2.0
"""Many small objects with references to each other: trees, a graph, a queue, closures."""

import heapq
import os
from collections import deque

scale = float(os.environ["SCALE"])


class Node:
    def __init__(self, key, left, right):
        self.key, self.left, self.right = key, left, right

    def total(self):
        below = (child.total() for child in (self.left, self.right) if child)
        return self.key + sum(below)


def tree(depth, key):
    if depth == 0:
        return Node(key, None, None)
    return Node(key, tree(depth - 1, 2 * key), tree(depth - 1, 2 * key + 1))


def graph(size):
    """Shortest paths in a graph of tuples and lists."""
    def edges_of(n):
        return [((n * 7 + k * 13) % size, (n ^ k) % 17 + 1) for k in range(4)]

    edges = {n: edges_of(n) for n in range(size)}
    best, queue = {}, [(0, 0)]
    while queue:
        length, node = heapq.heappop(queue)
        if node not in best:
            best[node] = length
            for other, cost in edges[node]:
                heapq.heappush(queue, (length + cost, other))
    return sum(best.values())


def churn(count):
    """A window of objects of several kinds that come and go."""
    window, total = deque(), 0
    for n in range(count):
        window.append([(n, n + 0.5), {n: n + 1}, lambda x, n=n: x + n][n % 3])
        if len(window) > 20000:
            window.popleft()
        total += n
    return total, len(window)


for _ in range(max(1, int(3 * scale))):
    print(tree(15, 1).total())
print(graph(int(40000 * scale) + 20))
print(churn(int(400000 * scale)))
