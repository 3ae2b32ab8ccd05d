"""Send mutated requests to an engine for as long as is wanted.

A program for ``make fuzz-requests``; the engine serves in a process of its
own::

    python -m zc.zkzopeserver.tests.fuzz_requests --engine waitress --minutes 5

It changes the rows of `raw_requests.TABLE` and sees that

- an answer or the end of the connection comes by a deadline,
- each answer is well-formed,
- the application was called as often as it answered: no request was hidden
  in another one,
- bytes that come in pieces are answered as they are when they come at once,
- a good request on a new connection is answered.

It ends with exit status 0 when all was well, else 1 with the bytes that were
sent.
"""
from __future__ import annotations

import argparse
import contextlib
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from zc.zkzopeserver import _sockets
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver.tests.raw_requests import CHUNKED
from zc.zkzopeserver.tests.raw_requests import GET
from zc.zkzopeserver.tests.raw_requests import POST
from zc.zkzopeserver.tests.raw_requests import TABLE
from zc.zkzopeserver.tests.support import ENGINES


#: Seconds in which something must come.
DEADLINE = 20.0

#: What the engine is started with.
OPTIONS: dict[str, Any] = {
    'max_header_size': 20_000, 'max_body_size': 40_000, 'threads': 2}

# What follows a request that is refused is not even looked at.
_GOOD = [row for row in TABLE if row[2] in ([200], [200, 200])]
_BYTES = b'\r\n\0\t :;,=%/?#*"\\09afAF-_+.\x7f\x80\x85\xa0\xff'
_TOKENS = [
    b'\r\n', b'\r\n\r\n', b'\n\n', b'\r', b'0\r\n\r\n', b'3\r\nabc\r\n',
    b'Transfer-Encoding: chunked\r\n', b'Transfer-Encoding: identity\r\n',
    b'Content-Length: 3\r\n', b'Content-Length: 0\r\n',
    b'Content_Length: 9\r\n', b'Host: y\r\n', b'Connection: close\r\n',
    b'Connection: upgrade\r\n', b'Upgrade: x\r\n',
    b'Expect: 100-continue\r\n', b'Connection: keep-alive\r\n',
    GET + b'\r\n', POST, CHUNKED, b'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
    b'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n', b'HTTP/1.0', b'HTTP/1.1',
    b'http://a', b' ' * 3000, b'\t ' * 500, b'x' * 9000, b'a:\r\n' * 1000,
    b'ffffffff',
]


class Fault(Exception):
    """The engine did what it must not do."""


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Tell what has come, and how many requests came before."""
    application.calls += 1              # type: ignore[attr-defined]
    call = application.calls            # type: ignore[attr-defined]
    body = environ['wsgi.input'].read()
    text = b'|'.join([
        environ['REQUEST_METHOD'].encode('latin-1'),
        environ['PATH_INFO'].encode('latin-1'), body])
    start_response('200 OK', [
        ('Content-Length', str(len(text))), ('X-Call', str(call)),
        ('X-Method', environ['REQUEST_METHOD'])])
    return [text]


application.calls = 0                   # type: ignore[attr-defined]


class Answer:
    """One answer, cut off the beginning of some bytes.

    :raises Fault: when they do not begin with one
    """

    def __init__(self, raw: bytes) -> None:
        head, end, rest = raw.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        words = lines[0].split(' ', 2)
        if not end or len(words) < 3 or words[0] not in (
                'HTTP/1.0', 'HTTP/1.1') or not words[1].isdigit():
            raise Fault(f'malformed answer: {raw[:200]!r}')
        self.status = int(words[1])
        fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(':')
            if not colon or name.lower() in fields:
                raise Fault(f'malformed field: {line!r}')
            fields[name.lower()] = value.strip(' ')
        self.call = int(fields.get('x-call', 0))
        bare = (fields.get('x-method') == 'HEAD'
                or self.status in (204, 304) or self.status < 200)
        if not bare and 'content-length' not in fields:
            # Only the engines themselves would do so here.
            raise Fault(f'no length: {raw[:200]!r}')
        if not rest and self.status >= 400:
            bare = True                 # it refuses a HEAD
        size = 0 if bare else int(fields['content-length'])
        if len(rest) < size:
            raise Fault(f'cut off: {raw[:200]!r}')
        self.body, self.rest = rest[:size], rest[size:]


def answers(raw: bytes) -> list[Answer]:
    """Return the final answers in all that came over a connection."""
    found = []
    while raw:
        answer = Answer(raw)
        raw = answer.rest
        if answer.status >= 200:
            found.append(answer)
    return found


def mutated(chance: random.Random) -> bytes:
    """Return a few rows of the table with some changes."""
    rows = [chance.choice(_GOOD if chance.random() < 0.7 else TABLE)
            for _ in range(chance.choice((1, 1, 2, 3)))]
    raw = bytearray(b''.join(row[1] for row in rows))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 5))):
        place = chance.randrange(len(raw) + 1)
        end = min(len(raw), place + chance.choice((1, 1, 2, 4, 16, 64)))
        kind = chance.randrange(7)
        if kind == 0:
            raw[place:place] = bytes([chance.choice(_BYTES)])
        elif kind == 1:
            raw[place:place + 1] = bytes([chance.randrange(256)])
        elif kind == 2:
            del raw[place:end]
        elif kind == 3:
            raw[place:place] = raw[place:end] * chance.choice((1, 2, 50))
        elif kind == 4:
            # Where a line begins, more of them mean something.
            line = raw.find(b'\n', place) + 1
            raw[line:line] = chance.choice(_TOKENS)
        elif kind == 5:
            raw[place:end] = chance.choice(_TOKENS)
        else:
            raw[place:end] = bytes(reversed(raw[place:end]))
    return bytes(raw)


class Fuzzer:
    """Attacks one engine.

    :param address: where it serves `application`
    :param seed: the same seed sends the same bytes
    :ivar counts: what was sent and what came
    """

    def __init__(self, address: tuple[str, int], seed: int) -> None:
        self.address = address
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self._calls = self._good()

    def attack(self) -> None:
        """Send one mutated request, and look at all that follows.

        :raises Fault: when something is wrong
        """
        raw = mutated(self.chance)
        try:
            whole = self._sent([raw])
            if self.chance.random() < 0.4:
                pieces = self._sent(self._cut(raw))
                if whole is not None and pieces is not None:
                    self.counts['compared'] += 1
                    if whole != pieces:
                        raise Fault(f'whole {whole}, in pieces {pieces}')
        except Fault as e:
            raise Fault(f'{e}; sent: {raw!r}') from None

    def _cut(self, raw: bytes) -> list[bytes]:
        size = self.chance.choice((1, 3, 20)) if len(raw) < 2000 else 700
        return [raw[i:i + size] for i in range(0, len(raw), size)]

    def _sent(self, pieces: list[bytes]) -> list[tuple[int, bytes]] | None:
        """Return statuses and bodies, or None when it was reset."""
        raw, reset = self._exchange(pieces)
        self.counts['sent'] += 1
        self.counts['reset'] += reset
        try:
            found = answers(raw)
        except Fault:
            if not reset:
                raise
            found = []
        called = self._good() - self._calls - 1
        self._calls += called + 1
        mine = [answer for answer in found if answer.call]
        self.counts['calls'] += called
        for answer in found:
            self.counts[f'status {answer.status}'] += 1
        if not found:
            self.counts['closed without an answer'] += 1
        if called < len(mine) or (called > len(mine) and not reset):
            raise Fault(f'{called} calls, {len(mine)} answers')
        return None if reset else [(each.status, each.body) for each in found]

    def _exchange(self, pieces: list[bytes]) -> tuple[bytes, bool]:
        """Return all that came, and whether the connection was reset."""
        reset = False
        found = b''
        with socket.create_connection(self.address, DEADLINE) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in pieces:
                    sock.sendall(piece)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                reset = True
            try:
                while data := sock.recv(1 << 16):
                    found += data
            except TimeoutError:
                raise Fault(f'nothing more after {found[-200:]!r}') from None
            except OSError:
                reset = True
        return found, reset

    def _good(self) -> int:
        """See that a good request is answered; return its number."""
        try:
            with socket.create_connection(self.address, DEADLINE) as sock:
                sock.sendall(b'GET /good HTTP/1.1\r\nHost: x\r\n'
                             b'Connection: close\r\n\r\n')
                raw = b''
                while data := sock.recv(1 << 16):
                    raw += data
        except OSError as e:
            raise Fault(f'a good request fails afterwards: {e}') from None
        found = answers(raw)
        if len(found) != 1 or found[0].body != b'GET|/good|':
            raise Fault(f'a good request gets {raw!r}')
        return found[0].call


def serve(engine: str) -> None:
    """Serve until standard input ends; print the port first."""
    listener = _sockets.listen('127.0.0.1', 0)
    print(listener.getsockname()[1], flush=True)
    ENGINES[engine](application, listener, Options(**OPTIONS)).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack; return the exit status."""
    parser = argparse.ArgumentParser(
        prog='python -m zc.zkzopeserver.tests.fuzz_requests',
        description='Send mutated requests to an engine.')
    parser.add_argument('--engine', choices=sorted(ENGINES), required=True)
    parser.add_argument(
        '--minutes', type=float, default=5.0,
        help='how long (default: %(default)s)')
    parser.add_argument(
        '--seed', type=int, default=random.SystemRandom().randrange(10 ** 6),
        help='the same seed sends the same bytes')
    parser.add_argument('--serve', action='store_true',
                        help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        serve(options.engine)
        return 0
    print(f'{options.engine}, seed {options.seed}', flush=True)
    with subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-m', __spec__.name, '--serve',
         '--engine', options.engine],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:
        assert process.stdout is not None
        counts: Counter[str] = Counter()
        try:
            port = int(process.stdout.readline())
            fuzzer = Fuzzer(('127.0.0.1', port), options.seed)
            counts = fuzzer.counts
            until = time.monotonic() + options.minutes * 60
            while time.monotonic() < until:
                fuzzer.attack()
            status = 0
        except Fault as e:
            print(f'FAULT: {e}')
            status = 1
        if process.poll() is not None:
            print(f'the server ended with status {process.returncode}')
            status = 1
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    print(', '.join(f'{name}: {count:,}'
                    for name, count in sorted(counts.items())))
    return status


if __name__ == '__main__':
    sys.exit(main())
