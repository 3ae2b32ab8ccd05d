"""The command that writes a file from the tree, and keeps it fresh.

Runs in the main thread.
"""
from __future__ import annotations

import argparse
import contextlib
import importlib.util
import signal
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from queue import SimpleQueue
from types import FrameType

from .._commands import output
from .._commands import quantities
from .._commands.call import Call
from .._commands.command import command
from .._commands.streams import Failure
from .._printable import printable
from .._tree import paths
from . import shipping


#: How often to write a file and run a command at most, by default, in
#: seconds: most programs take about that long to load their files again.
QUIET_SECONDS = 1.0
#: How many different lines about what was left out are remembered.
MOST_WARNINGS = 1_000


@command('zczk render', failed=2)
def render(call: Call) -> int:
    """Write a file from the tree, and keep it fresh."""
    parser = call.parser('TEMPLATE OUTPUT', f'''\
Write the file OUTPUT from a Jinja2 TEMPLATE and the tree, and write it anew
whenever its text changes, until stopped.  The file is replaced whole or not at
all.  TEMPLATE is a file, or one of {', '.join(shipping.names())}.
OUTPUT may be -, the standard output, with --once.
''', '''\
examples:
  {0} @nginx foo.conf -s /fooservice/providers --run 'nginx -s reload'
  {0} @prometheus targets.json -s /fooservice/providers -s /cms/providers
  {0} mine.conf.j2 mine.conf --check 'mytool --test {}' --once
  {0} --show @nginx
        print a template of ours, to begin with

exit status: 0 done, or stopped by SIGTERM; 1 with --once: the old file stays,
since a service is empty; 2 failed or wrong usage; 130 stopped by Ctrl-C
''')
    parser.add_argument('-s', '--service', metavar='PATH', action='append',
                        default=[], help='a node below which servers '
                        'register; the template has the list of these as '
                        '"services"; may be given several times')
    parser.add_argument('--set', metavar='NAME=VALUE', action='append',
                        default=[], type=_value, help='a text for the '
                        'template; may be given several times')
    parser.add_argument('--run', metavar='COMMAND', help='run this by the '
                        'shell when the file was written')
    parser.add_argument('--check', metavar='COMMAND', help='run this by the '
                        'shell before; {} stands for the new file; if it '
                        'fails, the old file stays')
    parser.add_argument('--once', action='store_true',
                        help='write the file and end')
    parser.add_argument('--quiet', metavar='SECONDS',
                        type=quantities.seconds(), default=QUIET_SECONDS,
                        help='write and run at most '
                        f'once in so long; {QUIET_SECONDS:g} by default')
    parser.add_argument('--allow-empty', action='store_true',
                        help='also write when a service has no servers any '
                        'more; by default the old file stays then')
    parser.add_argument('--show', action='store_true',
                        help='print TEMPLATE itself')
    options = call.parse(parser)
    words = options.arguments
    if options.show:
        if len(words) != 1:
            parser.error('one TEMPLATE is needed')
        print(shipping.file_of(words[0]).read_text(encoding='utf-8'), end='')
        return 0
    if len(words) != 2:
        parser.error('a TEMPLATE and an OUTPUT are needed')
    services = [paths.normal(path) for path in options.service]
    if importlib.util.find_spec('jinja2') is None:
        raise Failure("this needs Jinja2: pip install 'zc.zk[render]'")
    from .keeper import Fresh
    from .source import TreeSource
    from .target import Target
    from .templates import Template

    changed: SimpleQueue[None] = SimpleQueue()
    warn = _warnings(call.name)
    if words[1] == '-' and not options.once:
        parser.error('- as OUTPUT needs --once')
    target = None if words[1] == '-' else Target(words[1], options.check)
    with call.connected(options) as zk, \
            contextlib.closing(TreeSource(zk, changed, warn)) as source:
        template = Template(words[0], {
            'providers': source.providers, 'servers': source.servers,
            'properties': source.properties, 'children': source.children,
        }, {**dict(options.set), 'services': services}, warn)
        if target is None:
            sys.stdout.write(template.render())
            return 0
        fresh = Fresh(
            template, source, target, changed, options.run, options.quiet,
            options.allow_empty,
            lambda line: _complain(call.name, line))
        if options.once:
            return fresh.once()
        with _terminated(fresh.stop):
            fresh.keep()
    return 0


@contextlib.contextmanager
def _terminated(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` at SIGTERM: a daemon is ended so, and no file is left
    half written.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(number: int, frame: FrameType | None) -> None:
        stop()

    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(name: str, line: str) -> None:
    output.complain(f'{name}: {printable(line)}')


def _warnings(name: str) -> Callable[[str], None]:
    """Return what prints each line once."""
    told: set[str] = set()

    def warn(line: str) -> None:
        if line not in told and len(told) < MOST_WARNINGS:
            told.add(line)
            _complain(name, line)

    return warn


def _value(text: str) -> tuple[str, str]:
    name, equal, value = text.partition('=')
    if not equal or not name.isidentifier():
        raise argparse.ArgumentTypeError(f'NAME=VALUE is needed, not {text!r}')
    return name, value
