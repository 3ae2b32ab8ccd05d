"""The command ``zcasync``: looks at queues, and runs a dispatcher.

Reads the database itself; a job's function need not be importable here,
except for ``put``, ``retry`` and ``run``.
"""
from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import sys
import threading
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import transaction

from .. import dispatcher as dispatchers
from .. import monitor
from ..interfaces import FormatError
from ..interfaces import UUIDInUseError
from ..job import Job
from . import zopeconf
from .database import CommandMistake
from .database import find_job
from .database import opened
from .database import queues_of
from .report import describe_job
from .report import describe_queue
from .report import jobs_in
from .report import lines


__all__ = ['main']

STATES = ['waiting', 'running', 'suspended', 'dead', 'completed']


def _show(options: argparse.Namespace, value: Any) -> None:
    if options.json:
        print(monitor.encode(value), flush=True)
    else:
        print('\n'.join(lines(value)), flush=True)


def _status(options: argparse.Namespace, connection: Any) -> None:
    found = {name: describe_queue(queue)
             for name, queue in queues_of(connection).items()}
    _show(options, {
        'queues': len(found),
        **{each: sum(queue[each] for queue in found.values())
           for each in ('waiting', 'running', 'suspended', 'dead')},
        'active dispatchers': len({
            uuid for queue in found.values()
            for uuid, info in queue['dispatchers'].items()
            if info['activated']})})


def _queues(options: argparse.Namespace, connection: Any) -> None:
    _show(options, {name: describe_queue(queue) for name, queue
                    in queues_of(connection, options.queue).items()})


def _jobs(options: argparse.Namespace, connection: Any) -> None:
    found: list[Any] = []
    for queue in queues_of(connection, options.queue).values():
        for state in [options.state] if options.state else STATES[:4]:
            for job in jobs_in(queue, state):
                if len(found) >= options.limit:
                    break
                found.append(describe_job(job))
    _show(options, found)


def _job(options: argparse.Namespace, connection: Any) -> None:
    _show(options, describe_job(find_job(connection, options.oid), True))


def _changed(job: Any, change: Callable[[Any], Any]) -> Any:
    """Change a job in a transaction that is tried again."""
    for attempt in transaction.manager.attempts(10):
        with attempt:
            result = change(job)
    return result


def _retry(options: argparse.Namespace, connection: Any) -> None:
    def again(job: Any) -> Any:
        if job.queue is None or job not in job.queue.dead:
            raise CommandMistake(f'The job {options.oid} is not dead.')
        return job.queue.retry(job)
    job = _changed(find_job(connection, options.oid), again)
    _show(options, describe_job(job))


def _cancel(options: argparse.Namespace, connection: Any) -> None:
    def cancel(job: Any) -> Any:
        if job.queue is None or not job.queue.cancel(job):
            raise CommandMistake(
                f'The job {options.oid} neither waits nor runs.')
        return job
    _show(options, describe_job(
        _changed(find_job(connection, options.oid), cancel)))


def _argument(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(options: argparse.Namespace, connection: Any) -> None:
    module, colon, name = options.function.partition(':')
    if not colon or not name:
        raise CommandMistake(f'{options.function} names no function: write '
                           'MODULE:FUNCTION.')
    sys.path.insert(0, '')
    try:
        function = importlib.import_module(module)
        for part in name.split('.'):
            function = getattr(function, part)
    except (AttributeError, ImportError) as e:
        raise CommandMistake(f'{options.function}: {e}') from None
    args = [_argument(text) for text in options.args]
    [queue] = queues_of(connection, options.queue or '').values()
    with transaction.manager:
        job = queue.put(Job(function, *args), priority=options.priority)
    _show(options, describe_job(job))


def _watch(options: argparse.Namespace, connection: Any) -> None:
    """Show running jobs again and again."""
    wait = threading.Event()
    while True:
        transaction.begin()
        shown = []
        for name, queue in queues_of(connection, options.queue).items():
            info = describe_queue(queue)
            shown.append(f'queue {name!r}: {info["waiting"]} waiting, '
                         f'{info["running"]} running, {info["dead"]} dead')
            shown += [f'  {_bar(describe_job(job))}'
                      for job in jobs_in(queue, 'running')]
        if options.json:
            _show(options, shown)
        else:
            clear = '\x1b[2J\x1b[H' if sys.stdout.isatty() else ''
            print(clear + '\n'.join(shown), flush=True)
        if options.count is not None:
            options.count -= 1
            if options.count <= 0:
                return
        wait.wait(options.interval)


def _bar(job: dict[str, Any]) -> str:
    call = next(lines(job['call']))
    progress = job.get('progress')
    if not progress:
        return f'{job["id"]:>8} {call}'
    done, total, text = progress
    if not total:
        return f'{job["id"]:>8} {done} {next(lines(text))} {call}'
    share = min(1.0, max(0.0, done / total))
    bar = ('#' * round(share * 20)).ljust(20, '.')
    return (f'{job["id"]:>8} [{bar}] {share:4.0%} '
            f'{next(lines(text))} {call}')


def _run(options: argparse.Namespace) -> None:
    main = zopeconf.serve(zopeconf.read(options.conf))
    try:
        running = [each for each in dispatchers._dispatchers.values()
                   if each.activated is not False]
        if not running:
            raise CommandMistake(
                f'{options.conf} starts no dispatcher: its site.zcml needs a '
                'policy, such as <include package="zc.async" '
                'file="basic_dispatcher_policy.zcml" />.')
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            while any(each.activated is not False for each in running):
                # Not one long wait: signals are seen in between.
                running[0].wait_until_stopped(0.5)
    finally:
        for db in main.databases.values():
            db.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='zcasync', description='Look at the jobs of zc.async.')
    parser.add_argument(
        '-d', '--database', metavar='DATABASE',
        help='the path of a zope.conf or of a file storage, or '
        'zeo://HOST:PORT (default: $ZC_ASYNC_DATABASE)')
    parser.add_argument('--json', action='store_true', help='print JSON')
    commands = parser.add_subparsers(
        dest='command', required=True, metavar='COMMAND')

    def add(name: str, what: str, function: Any) -> Any:
        command = commands.add_parser(name, help=what, description=what)
        command.set_defaults(action=function)
        return command

    add('status', 'sums over all queues', _status)
    queues = add('queues', 'queues and their dispatchers', _queues)
    jobs = add('jobs', 'the jobs that have not succeeded', _jobs)
    jobs.add_argument('--state', choices=STATES, help='only these')
    jobs.add_argument('--limit', type=int, default=100,
                      help='how many at most (default: %(default)s)')
    watch = add('watch', 'show running jobs and their progress', _watch)
    watch.add_argument('--interval', type=float, default=1.0,
                       metavar='SECONDS')
    watch.add_argument('--count', type=int, help='how often')
    for name, what, function in (
            ('job', 'everything about a job', _job),
            ('retry', 'put the call of a dead job again', _retry),
            ('cancel', 'cancel a job that waits or runs', _cancel)):
        add(name, what, function).add_argument('oid', metavar='OID')
    put = add('put', 'put a job', _put)
    put.add_argument('function', metavar='MODULE:FUNCTION')
    put.add_argument('args', nargs='*', metavar='ARG',
                     help='JSON, or a text')
    put.add_argument('--priority', type=int)
    for each in queues, jobs, watch, put:
        each.add_argument('--queue', metavar='NAME')
    run = add('run', 'run what a zope.conf says, until a signal', None)
    run.add_argument('conf', metavar='zope.conf')
    return parser


def main(args: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    :param args: the words after the command's name
    """
    options = _parser().parse_args(args)
    try:
        if options.command == 'run':
            _run(options)
        else:
            with opened(options.database) as connection:
                options.action(options, connection)
    except KeyboardInterrupt:
        return 130
    except (CommandMistake, FormatError, ImportError, OSError, UUIDInUseError,
            ValueError) as e:
        print(f'zcasync: {e}', file=sys.stderr)
        return 1
    return 0
