"""What a live page costs: many open pages, and many changes.

    python bench/page.py [--pages 100] [--rate 1000] [--seconds 60]
                         [--services 50] [--servers 20]

``zczk web`` runs in a process of its own, on an embedded ZooKeeper server in
a third one.  So many pages listen to its stream, in this process; servers are
drained, come and go at the given rate a minute.  Told are the server's
processor time and memory, and how long it takes from a write until every page
has its event: the median, and the longest.  Only `browser` imports it.
"""
from __future__ import annotations

import argparse
import asyncio
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

from zc.zk import ZooKeeper


PROGRAM = [sys.executable, '-c', 'from zc.zk._zczk import main; main()']
TICKS = os.sysconf('SC_CLK_TCK')


def start(*words: str) -> tuple[subprocess.Popen[str], str]:
    """Start a subcommand of zczk; return it and the last word it says."""
    process = subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while True:
        line = process.stdout.readline().strip()
        if not line:
            raise SystemExit(f'{words[0]} did not start')
        if '127.0.0.1:' in line:
            return process, line.split()[-1]


def cost(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Return the seconds of the processor, and the memory in MiB."""
    base = pathlib.Path(f'/proc/{process.pid}')
    fields = (base / 'stat').read_text().rpartition(')')[2].split()
    for line in (base / 'status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return ((int(fields[11]) + int(fields[12])) / TICKS,
                    int(line.split()[1]) / 1024)
    raise SystemExit('no memory in /proc')


class Pages:
    """Listen to the stream, and note when which change came."""

    def __init__(self) -> None:
        self.written: dict[str, float] = {}
        self.delays: list[float] = []
        self.events = 0

    async def listen(self, port: int, ready: asyncio.Semaphore) -> None:
        """Be one page."""
        reader, writer = await asyncio.open_connection(
            '127.0.0.1', port, limit=1 << 24)
        writer.write(b'GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
        while True:
            line = await reader.readline()
            if not line:
                raise SystemExit('a page was dropped')
            if line.startswith(b'event: status'):
                ready.release()
            if line.startswith(b'data: {"generation"'):
                now = time.monotonic()
                for event in json.loads(line[6:])['events']:
                    self.events += 1
                    began = self.written.get(event['path'] + event['what'])
                    if began is not None:
                        self.delays.append(now - began)


async def run(
    options: argparse.Namespace, zk: ZooKeeper, port: int,
    web: subprocess.Popen[str],
) -> None:
    """Open the pages, make the changes, and tell."""
    pages = Pages()
    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(pages.listen(port, ready))
             for _ in range(options.pages)]
    for _ in tasks:
        await asyncio.wait_for(ready.acquire(), 60)
    before, _ = cost(web)
    began = time.monotonic()
    count = round(options.rate * options.seconds / 60)
    for number in range(count):
        service = number % options.services
        path = f'/s{service}/providers/new{number // 2}:80'
        what = 'went' if number % 2 else 'came'
        if number % 2:
            path = f'/s{(number - 1) % options.services}/providers/' \
                   f'new{number // 2}:80'
        pages.written[path + what] = time.monotonic()
        if number % 2:
            await asyncio.to_thread(zk.delete, path)
        else:
            await asyncio.to_thread(zk.create, path, b'{"pid": 1}')
        left = began + (number + 1) * 60 / options.rate - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
    took = time.monotonic() - began
    until = time.monotonic() + 30
    while (len(pages.delays) < count * options.pages
           and time.monotonic() < until):
        await asyncio.sleep(0.05)
    after, memory = cost(web)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(f'Python {platform.python_version()}, {os.cpu_count()} cores, '
          f'{options.services} services of {options.servers} servers')
    print(f'{options.pages} pages, {count} changes in {took:.0f} s '
          f'({count / took * 60:.0f} a minute)')
    print(f'processor of the server: {100 * (after - before) / took:6.1f} %')
    print(f'memory of the server:    {memory:6.1f} MiB')
    print(f'events that came:        {len(pages.delays):6} of '
          f'{count * options.pages}')
    print('from a write to a page:  '
          f'{statistics.median(pages.delays) * 1000:6.1f} ms (median), '
          f'{max(pages.delays) * 1000:.1f} ms (longest)')


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--pages', type=int, default=100)
    parser.add_argument('--rate', type=int, default=1000)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--services', type=int, default=50)
    parser.add_argument('--servers', type=int, default=20)
    options = parser.parse_args()
    processes = []
    with tempfile.NamedTemporaryFile('w', suffix='.txt') as tree:
        for service in range(options.services):
            print(f'/s{service} : web\n  /providers', file=tree)
            for server in range(options.servers):
                print(f'    /10.0.{service}.{server}:80\n      pid = 1',
                      file=tree)
        tree.flush()
        try:
            server, address = start(
                'server', '--port', '0', '--tree', tree.name)
            processes.append(server)
            web, url = start('-z', address, 'web', '--port', '0')
            processes.append(web)
            port = int(url.rstrip('/').rpartition(':')[2])
            with ZooKeeper(address) as zk:
                asyncio.run(run(options, zk, port, web))
        finally:
            for process in processes:
                process.terminate()
                process.wait(30)


if __name__ == '__main__':
    main()
