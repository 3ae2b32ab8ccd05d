"""Try each row of upgrading.rst with zc.zk 2.1 and with this zc.zk.

Not part of the test suite: it needs Python 2.7 and a real ZooKeeper server.

Make an environment for 2.1, with a virtualenv before 20.22, the last that
knows Python 2.7::

    python2.7 -m virtualenv /tmp/old
    /tmp/old/bin/pip install 'zc.zk==2.1.0' 'kazoo==2.8.0' \\
        'zc.thread==0.1.0' 'zope.event<5' 'mock<4' 'zope.testing<5' \\
        'manuel<1.11' 'zc.zkzopeserver==1.3.2' 'zope.server<4' \\
        'PasteDeploy<3' 'zc.monitor<1'

Then run, from the top of the checkout::

    .venv/bin/python -m zc.zk.tests.realserver -- \\
        .venv/bin/python docs/upgrade_check.py /tmp/old/bin/python \\
            .venv/bin/python

The arguments after the two interpreters choose rows by words of their
names.  Each row is printed with what both versions did.  The exit status is
1 when a row in upgrade_rows.txt differs from what happened, or when
upgrading.rst and upgrade_rows.txt do not have the same rows.

upgrade_rows.txt explains how its rows are written.
"""
from __future__ import annotations

import argparse
import contextlib
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import kazoo.client
import kazoo.exceptions


HERE = pathlib.Path(__file__).parent
ROWS = HERE / 'upgrade_rows.txt'
WORKER = HERE / 'upgrade_worker.txt'
PAGE = HERE / 'upgrading.rst'

#: Seconds that one piece of code may take.
DEADLINE = 90.0
#: What differs from run to run, and how each version writes the same text.
SAME = [
    (re.compile(r'/upgrade-[0-9a-f]{32}'), ''),
    (re.compile(r"\bu(?=['\"])"), ''),
    (re.compile(r'(pid[\'"]?\s*[:=] )\d+'), r'\1PID'),
]


class Version:
    """A process that runs pieces of code with one version of zc.zk."""

    def __init__(self, python: str, servers: str) -> None:
        self.process = subprocess.Popen(
            [python, '-W', 'ignore', '-c',
             WORKER.read_text(encoding='utf-8'), servers],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, code: str, chroot: str, fresh: bool = True) -> str:
        """Run code below a node; return what it printed.

        :param fresh: whether to begin with a new ``zk``
        """
        assert self.process.stdin and self.process.stdout
        json.dump([code, chroot, fresh], self.process.stdin)
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        timer = threading.Timer(DEADLINE, self.process.kill)
        timer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise SystemExit(f'the process ended while it ran:\n{code}')
        printed = str(json.loads(line))
        for pattern, text in SAME:
            printed = pattern.sub(text, printed)
        return printed.rstrip() + '\n' if printed.strip() else ''


def blocks(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the rows of upgrade_rows.txt: names and their blocks."""
    for part in re.split(r'(?m)^== ', text)[1:]:
        name, rest = part.split('\n', 1)
        rest = re.sub(r'(?m)^#.*\n', '', rest)
        found = re.findall(
            r'(?m)^([a-z0-9.]+(?: [a-z0-9.]+)*):\n((?:^(?: {2}.*)?\n)*)',
            rest)
        yield name, [(kind, textwrap.dedent(body).strip('\n') + '\n')
                     for kind, body in found]


def differs(title: str, expected: str, printed: str) -> bool:
    """Say so when something else was printed than expected."""
    if expected.strip() == printed.strip():
        return False
    print(f'!!! {title}: not as expected')
    print(''.join(difflib.unified_diff(
        (expected.strip() + '\n').splitlines(True),
        (printed.strip() + '\n').splitlines(True),
        'expected', 'printed')), end='')
    return True


def columns(left: str, right: str, width: int = 39) -> None:
    """Print what both versions printed, side by side."""
    def cut(text: str) -> list[str]:
        return [piece for line in text.splitlines()
                for piece in textwrap.wrap(
                    line, width - 1, subsequent_indent='  ',
                    drop_whitespace=False) or ['']]

    first, second = cut(left), cut(right)
    for number in range(max(len(first), len(second))):
        one = first[number] if number < len(first) else ''
        two = second[number] if number < len(second) else ''
        print(f'  {one:<{width}}| {two}'.rstrip())


class Check:
    """Runs rows with both versions."""

    def __init__(self, old: str, new: str, servers: str) -> None:
        self.root = kazoo.client.KazooClient(servers)
        self.root.start()
        self.versions = {'2.1': Version(old, servers),
                         '3': Version(new, servers)}

    def chroot(self) -> str:
        path = '/upgrade-' + uuid.uuid4().hex
        self.root.create(path)
        return path

    def row(self, name: str, parts: list[tuple[str, str]]) -> bool:
        """Run a row; return whether it did what it says."""
        print(f'\n{name}\n{"-" * len(name)}')
        given = dict(parts)
        good = True
        if 'try' in given:
            print(textwrap.indent(given['try'], '    '))
            printed = {
                number: version.run(given['try'], self.chroot())
                for number, version in self.versions.items()}
            columns(printed['2.1'], printed['3'])
            if '3 prints' in given:
                for number in printed:
                    good &= not differs(
                        number, given[number + ' prints'], printed[number])
            else:
                good &= not differs(
                    'both alike', printed['2.1'], printed['3'])
        if 'instead' in given:
            print('  instead:')
            print(textwrap.indent(given['instead'], '    '))
            got = self.versions['3'].run(given['instead'], self.chroot())
            print(textwrap.indent(got, '  '), end='')
            good &= not differs('instead', given.get('gives', ''), got)
        good &= self.together(parts)
        return good

    def together(self, parts: list[tuple[str, str]]) -> bool:
        """Run the steps that both versions do in turns, on one tree."""
        steps = [number for number, part in enumerate(parts)
                 if part[0].endswith(' does')]
        chroot = self.chroot() if steps else ''
        begun: set[str] = set()
        good = True
        for number in steps:
            kind, code = parts[number]
            version = kind.split()[0]
            got = self.versions[version].run(
                code, chroot, version not in begun)
            begun.add(version)
            print(textwrap.indent(code, f'  {version:<4}'), end='')
            print(textwrap.indent(got, '      -> '), end='')
            expected = ''
            if number + 1 < len(parts) and parts[number + 1][0] == 'prints':
                expected = parts[number + 1][1]
            good &= not differs(kind, expected, got)
        return good

    def close(self) -> None:
        for version in self.versions.values():
            assert version.process.stdin and version.process.stdout
            version.process.stdin.close()
            version.process.wait(30)
            version.process.stdout.close()
        for name in self.root.get_children('/'):
            if name.startswith('upgrade-'):
                with contextlib.suppress(kazoo.exceptions.NoAuthError):
                    self.root.delete('/' + name, recursive=True)
        self.root.stop()
        self.root.close()


def page_agrees(names: list[str]) -> bool:
    """Say which rows only the page has, or only upgrade_rows.txt."""
    told = re.findall(r'(?m)^   \* - (.*(?:\n {7}\S.*)*)',
                      PAGE.read_text(encoding='utf-8'))
    on_page = {' '.join(name.split()).replace('``', '').replace('\\', '')
               for name in told} - {'What'}
    tried = {name for name in names if not name.startswith('alike: ')}
    for name in sorted(on_page - tried):
        print(f'!!! not tried: {name}')
    for name in sorted(tried - on_page):
        print(f'!!! not in {PAGE.name}: {name}')
    return on_page == tried


def main(argv: list[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('old', help='a Python 2.7 with zc.zk 2.1')
    parser.add_argument('new', help='a Python 3 with this zc.zk')
    parser.add_argument('words', nargs='*', help="words of rows' names")
    parser.add_argument(
        '--servers', default=os.environ.get('TEST_ZOOKEEPER_CONNECTION'),
        help='connection string (default: $TEST_ZOOKEEPER_CONNECTION)')
    options = parser.parse_args(argv)
    if not options.servers:
        parser.error('no ZooKeeper server is given')
    rows = list(blocks(ROWS.read_text(encoding='utf-8')))
    check = Check(options.old, options.new, options.servers)
    bad = []
    try:
        for name, parts in rows:
            if all(word in name for word in options.words):
                if not check.row(name, parts):
                    bad.append(name)
    finally:
        check.close()
    agrees = bool(options.words) or page_agrees([name for name, _ in rows])
    for name in bad:
        print(f'!!! {name}')
    print(f'{len(rows)} rows, {len(bad)} not as written')
    return 1 if bad or not agrees else 0


if __name__ == '__main__':
    sys.exit(main())
