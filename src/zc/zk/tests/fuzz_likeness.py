"""Compare the embedded server with a real one for as long as is wanted.

A program for ``make fuzz``: it starts its own Apache ZooKeeper::

    python -m zc.zk.tests.fuzz_likeness --minutes 5 --seed 1

It ends with exit status 0 when no difference was found, else 1 with a short
sequence of requests that shows one.
"""
from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck
from hypothesis import seed
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ..testing._server import Server
from .likeness import Likeness
from .realserver import RealServer
from .realserver import StartFailed
from .realserver import Unavailable


#: Requests in one sequence: longer ones find no more and shrink slowly.
STEPS = 40
#: Sequences between two looks at the clock.
ROUND = 50


def compare(examples: int, number: int) -> None:
    """Compare random sequences of requests.

    :param examples: how many
    :param number: the seed: the same gives the same sequences
    :raises AssertionError: and prints a short one that shows a difference
    """
    machine: Any = seed(number)(Likeness)
    run_state_machine_as_test(machine, settings=settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None,
        database=None, print_blob=False,
        suppress_health_check=list(HealthCheck)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; return the exit status."""
    parser = argparse.ArgumentParser(
        prog='python -m zc.zk.tests.fuzz_likeness',
        description='Compare the embedded server with Apache ZooKeeper.')
    parser.add_argument(
        '--minutes', type=float, default=5.0,
        help='how long (default: %(default)s)')
    parser.add_argument(
        '--seed', type=int, default=random.SystemRandom().randrange(10 ** 6),
        help='where to begin (default: by chance)')
    options = parser.parse_args(arguments)
    print(f'seed {options.seed}', flush=True)
    deadline = time.monotonic() + 60 * options.minutes
    try:
        with Server() as server, RealServer() as real:
            Likeness.addresses = [server.address, real.address]
            number = options.seed
            while time.monotonic() < deadline:
                compare(ROUND, number)
                number += 1
                print(f'{Likeness.compared} requests, no difference',
                      flush=True)
    except (Unavailable, StartFailed) as error:
        print(error, file=sys.stderr)
        return 2
    except Exception:
        sys.excepthook(*sys.exc_info())
        print(f'a difference, with --seed {number}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
