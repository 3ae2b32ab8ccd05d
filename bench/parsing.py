"""Lines of tree text parsed in a second, and whether that stays so.

    python bench/parsing.py [--lines 10000 100000 1000000] [--rounds 5]

Text of nodes with three properties each, parsed in this process.  Linear
means that the rate does not fall with the length.  Imported by nothing.
"""
from __future__ import annotations

import argparse
import gc
import statistics
import time

import zc.zk
from zc.zk.tests.trees import big_text


LINES_EACH = 4      # the node's own, and three properties


def seconds(text: str) -> float:
    gc.collect()
    start = time.perf_counter()
    zc.zk.parse_tree(text)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--lines', type=int, nargs='+',
                        default=[10_000, 100_000, 1_000_000])
    parser.add_argument('--rounds', type=int, default=5)
    options = parser.parse_args()
    print('## Parsing\n')
    print(f'Medians of {options.rounds} rounds; 200,000 lines a second are '
          'wanted.\n')
    print('| lines | seconds | lines a second |')
    print('|---|---|---|')
    for wanted in options.lines:
        text = big_text(wanted // LINES_EACH)
        lines = text.count('\n')
        taken = statistics.median(
            seconds(text) for _ in range(options.rounds))
        print(f'| {lines:,} | {taken:.3f} | {lines / taken:,.0f} |',
              flush=True)


if __name__ == '__main__':
    main()
