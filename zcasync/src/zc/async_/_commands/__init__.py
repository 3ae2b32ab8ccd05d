"""The command ``zcasync``: looks at queues, and runs a dispatcher.

Reads the database itself; a job's function need not be importable here,
except for ``put``, ``retry`` and ``run``.  Runs in the main thread.
"""
from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import transaction
import ZConfig
import zodbpickle.pickle
from ZODB import POSException
from zope.configuration.exceptions import ConfigurationError

from .. import dispatcher as dispatchers
from .. import monitor
from ..interfaces import FormatError
from ..interfaces import UUIDInUseError
from ..job import Job
from . import zopeconf
from .database import VARIABLE
from .database import CommandMistake
from .database import find_job
from .database import opened
from .database import queues_of
from .report import describe_job
from .report import describe_queue
from .report import jobs_in
from .report import lines


__all__ = ['main']

#: By what is not installed, the extra that brings it.
EXTRAS = {'ZEO': 'zeo', 'zc.zk': 'monitor', 'cronsim': 'cron'}
STATES = ['waiting', 'running', 'suspended', 'dead', 'completed']


def _show(options: argparse.Namespace, value: Any) -> None:
    if options.json:
        print(monitor.encode(value), flush=True)
    elif value != []:
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
    try:
        for attempt in transaction.manager.attempts(10):
            with attempt:
                result = change(job)
    except (AttributeError, TypeError, zodbpickle.pickle.PicklingError) as e:
        # What it calls has to be imported to be stored.
        raise CommandMistake(
            f'The job cannot be stored: {e}.  Its function must be one that '
            'can be imported, here too.') from None
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
    try:
        function = importlib.import_module(module)
        for part in name.split('.'):
            function = getattr(function, part)
    except (AttributeError, ImportError) as e:
        raise CommandMistake(f'{options.function}: {e}') from None
    args = [_argument(text) for text in options.args]
    [queue] = queues_of(connection, options.queue or '').values()
    if not callable(function):
        raise CommandMistake(f'{options.function} is not callable.')
    job = _changed(queue, lambda queue: queue.put(
        Job(function, *args), priority=options.priority))
    _show(options, describe_job(job))


def _watch(options: argparse.Namespace) -> None:
    """Show running jobs again and again."""
    for number, connection in enumerate(_looks(options), 1):
        queues = queues_of(connection, options.queue)
        if options.json:
            _show(options, {name: {
                **describe_queue(queue),
                'jobs': [describe_job(job)
                         for job in jobs_in(queue, 'running')]}
                for name, queue in queues.items()})
        else:
            shown = []
            for name, queue in queues.items():
                info = describe_queue(queue)
                shown.append(
                    f'queue {name!r}: {info["waiting"]} waiting, '
                    f'{info["running"]} running, {info["dead"]} dead')
                shown += [f'  {_bar(describe_job(job))}'
                          for job in jobs_in(queue, 'running')]
            clear = '\x1b[2J\x1b[H' if sys.stdout.isatty() else ''
            print(clear + '\n'.join(shown), flush=True)
        if number == options.count:
            return


def _looks(options: argparse.Namespace) -> Iterator[Any]:
    """Yield a connection that shows what is new, again and again."""
    wait = threading.Event()
    while True:
        with opened(options.database, looks=True) as connection:
            while True:
                yield connection
                wait.wait(options.interval)
                # A file that is only read stays as it was when it was
                # opened.
                if connection.isReadOnly():
                    break
                transaction.begin()


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


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= threading.TIMEOUT_MAX:
        raise ValueError
    return seconds


# What argparse calls them when it refuses a text.
_count.__name__ = 'number from 1'
_seconds.__name__ = 'number of seconds'


def _common(parser: argparse.ArgumentParser, **default: Any) -> None:
    """Add the options that may stand before the command and after it."""
    parser.add_argument(
        '-d', '--database', metavar='DATABASE', **default,
        help='the path of a zope.conf or of a file storage, or '
        'zeo://HOST:PORT (default: $ZC_ASYNC_DATABASE)')
    parser.add_argument('--json', action='store_true', **default,
                        help='print JSON')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='zcasync', description='Look at the jobs of zc.async.')
    _common(parser)
    commands = parser.add_subparsers(
        dest='command', required=True, metavar='COMMAND')

    def add(name: str, what: str, function: Any, looks: bool = True) -> Any:
        command = commands.add_parser(name, help=what, description=what)
        command.set_defaults(action=function, looks=looks)
        if function is not _run:
            _common(command, default=argparse.SUPPRESS)
        return command

    add('status', 'sums over all queues', _status)
    queues = add('queues', 'queues and their dispatchers', _queues)
    jobs = add('jobs', 'the jobs that have not succeeded', _jobs)
    jobs.add_argument('--state', choices=STATES, help='only these')
    jobs.add_argument('--limit', type=_count, default=100, metavar='N',
                      help='how many at most (default: %(default)s)')
    watch = add('watch', 'show running jobs and their progress', _watch)
    watch.add_argument('--interval', type=_seconds, default=1.0,
                       metavar='SECONDS',
                       help='how long between looks (default: %(default)s)')
    watch.add_argument('--count', type=_count, metavar='N',
                       help='how often; without end if not given')
    for name, what, function, looks in (
            ('job', 'everything about a job', _job, True),
            ('retry', 'put the call of a dead job again', _retry, False),
            ('cancel', 'cancel a job that waits or runs', _cancel, False)):
        add(name, what, function, looks).add_argument('oid', metavar='OID')
    put = add('put', 'put a job', _put, False)
    put.add_argument('function', metavar='MODULE:FUNCTION')
    put.add_argument('args', nargs='*', metavar='ARG',
                     help='JSON, or a text')
    put.add_argument('--priority', type=int)
    for each in queues, jobs, watch, put:
        each.add_argument('--queue', metavar='NAME')
    run = add('run', 'run what a zope.conf says, until a signal', _run)
    run.add_argument('conf', metavar='zope.conf')
    return parser


def _sentence(error: Exception, options: argparse.Namespace) -> str:
    """Return what was wrong."""
    where = getattr(options, 'conf', None) or options.database or (
        os.environ.get(VARIABLE))
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        return (f'{error}.  Install zc.async[{EXTRAS[error.name]}].')
    if isinstance(error, POSException.StateLoadError):
        return (f'{where}: its queues are in another database, which is not '
                'open.  Name a zope.conf that has both.')
    if isinstance(error, ZConfig.ConfigurationError):
        return f'{where}: {error}'
    if isinstance(error, POSException.POSError):
        return f'{where}: {str(error) or type(error).__name__}'
    return str(error)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    :param args: the words after the command's name
    """
    options = _parser().parse_args(args)
    try:
        if options.action is not _run:
            # Nothing but our own lines goes to the standard error.
            logging.basicConfig(handlers=[logging.NullHandler()])
            # What jobs call may be where the command is given.
            sys.path.insert(0, '')
        if options.action in (_run, _watch):
            options.action(options)
        else:
            with opened(options.database, options.looks) as connection:
                options.action(options, connection)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has gone, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (CommandMistake, FormatError, ImportError, OSError,
            POSException.POSError, UUIDInUseError, ValueError,
            ZConfig.ConfigurationError, ConfigurationError) as e:
        print(f'zcasync: {_sentence(e, options)}', file=sys.stderr)
        return 1
    return 0
