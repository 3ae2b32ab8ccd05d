"""Looking around in a large tree, beside an export of it.

    python bench/looking.py [--nodes 100000] [--rounds 3] [--connection C]

Against a real ZooKeeper that it starts on loopback.  `zczk` runs as a process
of its own, as operators run it, and its output goes to a file.  Prints the
time and the processor time of each command, the medians of the rounds, and
how many times those of `zczk export` that is; the aim is three times.  The
rounds are made in turns, so that a busy machine is one for all.  Imported by
nothing.
"""
from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import zc.zk
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.trees import big_text


TOP = '/bench'
AIM = 3.0
BASE = 'export'
#: What is called; none finds nothing, so that all is printed that there is.
COMMANDS = {
    BASE: ['export', TOP],
    'find': ['find', TOP],
    'find --property': ['find', TOP, '--property', 'threads', '--name', '*'],
    'find --json': ['find', TOP, '--json'],
    'grep': ['grep', 'threads', TOP],
    'du': ['du', TOP],
    'ls -l': ['ls', '-l', TOP],
}


class Figures:
    """The times of one command."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    def medians(self) -> tuple[float, float]:
        return (statistics.median(self.wall),
                statistics.median(self.processor))


def run(connection: str, words: list[str], figures: Figures) -> None:
    """Run a command once."""
    program = 'from zc.zk._zczk import main; main()'
    with tempfile.TemporaryFile() as out:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, '-c', program, '-z', connection, *words],
            stdout=out, check=False)
        figures.wall.append(time.perf_counter() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode > 1:
            raise SystemExit(f'zczk {" ".join(words)}: {done.returncode}')
        if not os.fstat(out.fileno()).st_size:
            raise SystemExit(f'zczk {" ".join(words)}: it printed nothing')
    figures.processor.append(
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--nodes', type=int, default=100_000)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--connection')
    options = parser.parse_args()
    figures = {name: Figures() for name in COMMANDS}
    with contextlib.ExitStack() as stack:
        connection = options.connection
        if connection is None:
            connection = stack.enter_context(RealServer()).connection_string
        with zc.zk.ZooKeeper(connection) as zk:
            zk.create_recursive(TOP, '')
            zk.import_tree(big_text(options.nodes), TOP)
        for _ in range(options.rounds):
            for name, words in COMMANDS.items():
                run(connection, words, figures[name])
        if options.connection is not None:
            with zc.zk.ZooKeeper(connection) as zk:
                zk.delete_recursive(TOP)
    show(options.nodes, options.rounds, figures)


def show(nodes: int, rounds: int, figures: dict[str, Figures]) -> None:
    """Print a table."""
    base = figures[BASE].medians()
    print(f'# looking around in {nodes:,} nodes, medians of {rounds}\n')
    print('|command|s|times export|processor s|times export|within 3|')
    print('|-|-|-|-|-|-|')
    for name, each in figures.items():
        wall, processor = each.medians()
        good = wall <= AIM * base[0]
        print(f'|{name}|{wall:.2f}|{wall / base[0]:.2f}|{processor:.2f}|'
              f'{processor / base[1]:.2f}|{"yes" if good else "no"}|')


if __name__ == '__main__':
    main()
