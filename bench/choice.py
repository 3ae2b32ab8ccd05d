"""How fast a provider is chosen, and how well.

The first half times a lease with its report, beside ``random.choice`` on a
list.  The second half simulates a service under load: its clock is a
number, so that minutes pass in a moment and every run gives the same
figures.  Nothing of ZooKeeper takes part.
"""
from __future__ import annotations

import argparse
import heapq
import random
import statistics
import time
import timeit
from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

from zc.zk._discovery.balancer import Balancer
from zc.zk._discovery.entry import read
from zc.zk._discovery.provider import Lease
from zc.zk._discovery.rules import Rules
from zc.zk._discovery.ways import WAYS


#: Calls that are timed at a time, and how often.
CALLS = 10_000
REPEATS = 30


def per_call(function: Callable[[], object]) -> float:
    """Return how long a call takes at best, in seconds."""
    return min(timeit.repeat(function, number=CALLS, repeat=REPEATS)) / CALLS


def leases(count: int) -> tuple[float, float]:
    """Return the seconds of ``random.choice``, and of a lease."""
    names = [f'10.0.{number // 250}.{number % 250}:8080'
             for number in range(count)]
    balancer = Balancer('/', Rules(), time.monotonic, random.random)
    balancer.update([read(name, b'{"pid":1}') for name in names])
    for name in names:
        member = balancer.get(name)
        assert member is not None
        balancer.ok(member, random.uniform(0.001, 0.01))

    def lease() -> None:
        with Lease(balancer, None, ()):
            pass

    return per_call(lambda: random.choice(names)), per_call(lease)


class Server:
    """A server of the simulation, with one queue.

    :param seconds: how long it works on a request
    :param down: tells whether it refuses connections at a time
    """

    def __init__(
        self,
        seconds: float,
        down: Callable[[float], bool] = lambda now: False,
    ) -> None:
        self.seconds = seconds
        self.down = down
        self._busy_until = 0.0

    def serve(self, now: float, chance: random.Random) -> float:
        """Return when a request that comes now is answered."""
        took = chance.expovariate(1 / self.seconds)
        self._busy_until = max(now, self._busy_until) + took
        return self._busy_until


class Outcome(NamedTuple):
    """What callers saw.

    :ivar median: of the latencies, in seconds
    :ivar p99: the latency that one request in a hundred exceeds
    :ivar failures: the times at which a caller saw a failure
    :ivar shares: the requests that each server answered
    """

    median: float
    p99: float
    failures: list[float]
    shares: dict[str, int]


def simulate(
    servers: Mapping[str, Server],
    way: str,
    rate: float,
    seconds: float,
    seed: int = 2026,
    rules: Rules | None = None,
) -> Outcome:
    """Send requests to servers, and return what came of them.

    :param rate: requests a second, at random intervals
    :param seconds: how long
    """
    chance = random.Random(seed)
    now = 0.0
    balancer = Balancer(
        '/', rules or Rules(), lambda: now, chance.random, way=way)
    balancer.update([read(name, b'{"pid":1}') for name in servers])
    latencies: list[float] = []
    failures: list[float] = []
    shares = dict.fromkeys(servers, 0)
    # Answers that are to come: when, a number, from whom, when asked.
    answers: list[tuple[float, int, str, float]] = []
    arrival, number = chance.expovariate(rate), 0
    while arrival < seconds or answers:
        if answers and (answers[0][0] <= arrival or arrival >= seconds):
            now, _, name, asked = heapq.heappop(answers)
            member = balancer.get(name)
            assert member is not None
            balancer.ok(member, now - asked, end=True)
            latencies.append(now - asked)
            shares[name] += 1
            continue
        now = arrival
        arrival += chance.expovariate(rate)
        member = balancer.choose(begin=True)
        assert member is not None
        name = member.entry.name
        if servers[name].down(now):
            balancer.failed(member, True, end=True)
            failures.append(now)
        else:
            number += 1
            heapq.heappush(answers, (
                servers[name].serve(now, chance), number, name, now))
    latencies.sort()
    return Outcome(
        statistics.median(latencies), latencies[int(len(latencies) * 0.99)],
        failures, shares)


def ten_servers() -> dict[str, Server]:
    """Return ten servers, one of them ten times slower."""
    servers = {f'10.0.0.{number}:80': Server(0.01) for number in range(1, 10)}
    servers['slow:80'] = Server(0.1)
    return servers


def troubled_servers() -> dict[str, Server]:
    """Return ten: one ten times slower, one dead, one that flaps."""
    servers = {f'10.0.0.{number}:80': Server(0.01) for number in range(1, 8)}
    servers['slow:80'] = Server(0.1)
    servers['dead:80'] = Server(0.01, lambda now: True)
    servers['flapping:80'] = Server(0.01, lambda now: now % 60 >= 30)
    return servers


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--counts', type=int, nargs='+',
                        default=[10, 1000, 10_000],
                        help='how many providers a service has')
    parser.add_argument('--seconds', type=float, default=300.0,
                        help='how long a simulated service is called')
    options = parser.parse_args()
    print('## Choosing a provider\n')
    print('A lease with its report, beside `random.choice` on a list '
          f'(the least of {REPEATS} times; at most ten times is wanted).\n')
    print('| providers | random.choice | lease | times |')
    print('|---|---|---|---|')
    for count in options.counts:
        choice, lease = leases(count)
        print(f'| {count} | {choice * 1e6:.2f} µs | {lease * 1e6:.2f} µs | '
              f'{lease / choice:.1f} |')
    print('\nA simulation: 80 requests a second for '
          f'{options.seconds:g} s to ten servers, one of them ten times '
          'slower (10 and 100 ms); and to seven such servers, a slow one, '
          'one that is registered but dead, and one that is dead for half '
          'of each minute.  Failures are those that callers see.\n')
    print('| servers | way | median | p99 | failures | to the slow one |')
    print('|---|---|---|---|---|---|')
    for name, make in (('one slow', ten_servers),
                       ('slow, dead, flapping', troubled_servers)):
        for way in sorted(WAYS):
            found = simulate(make(), way, 80.0, options.seconds)
            share = found.shares['slow:80'] / sum(found.shares.values())
            print(f'| {name} | {way} | {found.median * 1e3:.0f} ms | '
                  f'{found.p99 * 1e3:.0f} ms | {len(found.failures)} | '
                  f'{share:.1%} |')


if __name__ == '__main__':
    main()
