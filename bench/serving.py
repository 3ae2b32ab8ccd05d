"""Requests per second through the runner, beside what it wraps.

    python bench/serving.py [--seconds 5] [--rounds 5] [--connections 16]

Serves one small application by plain zope.server, by our runner on
zope.server, by plain waitress, by our runner on waitress, and by uvicorn (with
httptools, and a2wsgi for the application; on asyncio's own loop), each in a
process of its own with the same number of threads, in turns; and prints the
medians of the rounds.  The last column compares each with what it wraps, and
uvicorn with plain zope.server.  Loads with wrk where it is installed, and else
with a generator of its own, which is slower than the servers and so only good
for comparing.  Imported by nothing.
"""
from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from typing import Any

from zc.zk import ZooKeeper
from zc.zk.testing import Server


KINDS = ('zope.server', 'zc.zkzopeserver', 'waitress',
         'zc.zkzopeserver#waitress', 'uvicorn')

#: What the rate of each is divided by.
BASES = {'zc.zkzopeserver': 'zope.server', 'uvicorn': 'zope.server',
         'zc.zkzopeserver#waitress': 'waitress'}

BODY = b'Hello from a small application.\n' * 4


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with a short page."""
    start_response('200 OK', [('Content-Type', 'text/plain'),
                              ('Content-Length', str(len(BODY)))])
    return [BODY]


def serve(kind: str, port: int, threads: int, zookeeper: str) -> None:
    """Serve until killed."""
    # waitress warns of each request that waits for a thread.
    logging.getLogger('waitress.queue').setLevel(logging.ERROR)
    if kind == 'zope.server':
        from zope.server.http.wsgihttpserver import run_paste
        run_paste(application, {}, host='127.0.0.1', port=port,
                  threads=threads)
    elif kind == 'waitress':
        import waitress
        waitress.serve(application, host='127.0.0.1', port=port,
                       threads=threads, connection_limit=1000)
    elif kind == 'uvicorn':
        import uvicorn
        from a2wsgi import WSGIMiddleware
        uvicorn.run(WSGIMiddleware(application, workers=threads),
                    host='127.0.0.1', port=port, http='httptools',
                    loop='asyncio', lifespan='off', access_log=False,
                    log_level='warning')
    else:
        import zc.zkzopeserver
        run = (zc.zkzopeserver.run_waitress if kind.endswith('#waitress')
               else zc.zkzopeserver.run)
        run(application, {}, zookeeper=zookeeper, path='/bench',
            host='127.0.0.1', port=str(port), threads=str(threads),
            drain='0')


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port: int = sock.getsockname()[1]
        return port


def pinned(core: int) -> list[str]:
    """Return the words that keep a command on one core, where possible."""
    cores = os.cpu_count() or 1
    if shutil.which('taskset') and cores > 1:
        return ['taskset', '-c', str(core % cores)]
    return []


def measure(
    kind: str, options: argparse.Namespace, zookeeper: str
) -> tuple[float, float]:
    """Return requests per second, and the 99th percentile in ms."""
    port = free_port()
    process = subprocess.Popen(
        [*pinned(0), sys.executable, '-W', 'ignore', __file__, '--serve',
         kind, '--port', str(port), '--threads', str(options.threads),
         '--zookeeper', zookeeper])
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        load(port, 1.0, options)            # to warm up
        return load(port, options.seconds, options)
    finally:
        process.kill()
        process.wait()


def load(
    port: int, seconds: float, options: argparse.Namespace
) -> tuple[float, float]:
    """Load a server; return requests per second and p99 in ms."""
    if shutil.which('wrk'):
        text = subprocess.run(
            [*pinned(1), 'wrk', '-t1', f'-c{options.connections}',
             f'-d{max(round(seconds), 1)}s', '--latency',
             f'http://127.0.0.1:{port}/'],
            check=True, capture_output=True, text=True).stdout
        rate = float(re.findall(r'Requests/sec: +([\d.]+)', text)[0])
        number, unit = re.findall(r'99% +([\d.]+)(us|ms|s)', text)[0]
        if 'Non-2xx' in text or 'Socket errors' in text:
            raise RuntimeError(text)
        return rate, float(number) * {'us': 0.001, 'ms': 1, 's': 1000}[unit]
    return asyncio.run(own_load(port, seconds, options.connections))


async def own_load(
    port: int, seconds: float, connections: int
) -> tuple[float, float]:
    """The same without wrk."""
    until = time.monotonic() + seconds
    times: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        while time.monotonic() < until:
            began = time.perf_counter()
            writer.write(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            await reader.readuntil(b'\r\n\r\n')
            await reader.readexactly(len(BODY))
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    times.sort()
    return len(times) / seconds, times[int(len(times) * 0.99)] * 1000


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--seconds', type=float, default=5)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--connections', type=int, default=16)
    parser.add_argument('--threads', type=int, default=4)
    parser.add_argument('--serve', help=argparse.SUPPRESS)
    parser.add_argument('--port', type=int, help=argparse.SUPPRESS)
    parser.add_argument('--zookeeper', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port, options.threads,
              options.zookeeper)
        return
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    with Server() as server:
        with ZooKeeper(server.connection_string) as zk:
            zk.create('/bench', '')
            for _ in range(options.rounds):
                for kind in KINDS:
                    found[kind].append(measure(
                        kind, options, server.connection_string))
    print(f'Python {platform.python_version()}, {os.cpu_count()} cores, '
          f'{options.connections} connections, {options.threads} threads, '
          f'{options.rounds} rounds of {options.seconds:g} s, '
          f'{"wrk" if shutil.which("wrk") else "own generator"}')
    print(f'{"":26}{"requests/s":>12}{"p99 ms":>9}{"ratio":>8}')
    rates = {kind: statistics.median(each[0] for each in found[kind])
             for kind in KINDS}
    for kind, rate in rates.items():
        p99 = statistics.median(each[1] for each in found[kind])
        ratio = rate / rates[BASES.get(kind, kind)]
        print(f'{kind:26}{rate:12.0f}{p99:9.2f}{ratio:8.2f}')


if __name__ == '__main__':
    main()
