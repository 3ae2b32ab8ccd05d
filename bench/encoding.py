"""What the public functions of json cost an import and an export.

    python bench/encoding.py [--nodes 10000] [--rounds 9]

zc.zk writes node data with CPython's own encoder where there is one.  The
steps of `trees` are done with it and without it, in turns, on a real
ZooKeeper on loopback; what is compared is the time of this process alone,
since that is all that the encoder can change.  Imported by nothing.
"""
from __future__ import annotations

import argparse
import contextlib
import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import trees

import zc.zk
from zc.zk._tree import values
from zc.zk.tests.realserver import RealServer


STEPS = [step for step in trees.AIMS
         if step not in ('walk', 'delete_recursive')]


def timed(function: Callable[..., None], *args: Any) -> float:
    gc.collect()
    start = time.process_time()
    with contextlib.redirect_stdout(None):
        function(*args)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--nodes', type=int, default=10_000)
    parser.add_argument('--rounds', type=int, default=9)
    options = parser.parse_args()
    trees.timed = timed
    own = values._chunks
    found: dict[str, list[dict[str, float]]] = {'own': [], 'public': []}
    with RealServer(heap='1g', tick_time=3000) as server:
        zk = zc.zk.ZooKeeper(server.connection_string, 60)
        zk.client.create(trees.TOP)
        ours = trees.Ours(zk, trees.Work(options.nodes))
        for _ in range(options.rounds):
            for name, times in found.items():
                values._chunks = own if name == 'own' else None
                times.append(trees.steps(ours, ours.work))
        zk.close()
    print('## Writing JSON\n')
    print(f'{options.nodes:,} nodes, medians of {options.rounds} rounds in '
          "turns, seconds of this process: with CPython's own encoder, and "
          'with the public functions of `json`.  The public ones stay out '
          'while they cost more than a tenth of an import.\n')
    print('| step | own | public | more |')
    print('|---|---|---|---|')
    for step in STEPS:
        ours_, public = (statistics.median(each[step] for each in times)
                         for times in found.values())
        print(f'| {step} | {ours_:.3f} s | {public:.3f} s | '
              f'{public / ours_ - 1:.0%} |')


if __name__ == '__main__':
    main()
