"""The command ``async`` of zc.zk's monitor server: JSON about dispatchers.

Runs in the thread of a monitor connection.  Asks the dispatcher's memory,
never the database.
"""
from __future__ import annotations

import datetime
import inspect
import json
import re
import sys
import uuid as uuids
from collections.abc import Callable
from typing import Any
from typing import Protocol

import persistent
import zope.component

from . import dispatcher as dispatchers
from . import instanceuuid
from ._logs import log
from ._rules.failure import Failure
from ._stored.base import describe
from ._stored.base import get_id
from ._stored.times import now
from .interfaces import IDatabaseOpenedEvent
from .interfaces import IJob


__all__ = [
    'CommandError',
    'UUID',
    'Writer',
    'command',
    'encode',
    'funcs',
    'help',
    'job',
    'jobs',
    'jobstats',
    'poll',
    'polls',
    'start',
    'start_configured',
    'status',
    'utcnow',
]

#: The section of a zope.conf that names the port; the name is the one that
#: zc.async 1.5 used.
PRODUCT = 'zc.z3monitor'


class Writer(Protocol):
    """Where a command writes its answer."""

    def write(self, text: str, /) -> object:
        """Send text."""


class CommandError(Exception):
    """A command was given wrongly; its text is the answer."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.timedelta):
        parts = {'days': value.days, 'hours': value.seconds // 3600,
                 'minutes': value.seconds % 3600 // 60,
                 'seconds': value.seconds % 60 + value.microseconds / 1e6}
        return {name: part for name, part in parts.items() if part} or {
            'seconds': 0.0}
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc)
        return value.replace(tzinfo=None).isoformat() + 'Z'
    if isinstance(value, uuids.UUID):
        return str(value)
    if isinstance(value, Failure):
        return value.getTraceback()
    if IJob.providedBy(value):
        return get_id(value)
    if isinstance(value, persistent.Persistent) or callable(value):
        return describe(value)
    if hasattr(value, '__iter__'):
        return list(value)
    return repr(value)


def encode(value: Any) -> str:
    """Return JSON with keys in order."""
    return json.dumps(value, default=_plain, sort_keys=True, indent=4)


def _dispatcher(uuid: str | None) -> Any:
    if uuid is None:
        found = dispatchers.get()
        if found is None and len(dispatchers._dispatchers) == 1:
            [found] = dispatchers._dispatchers.values()
    else:
        try:
            found = dispatchers.get(uuids.UUID(uuid))
        except ValueError:
            raise CommandError(f'{uuid!r} is no UUID.') from None
    if found is None:
        raise CommandError('This process has no such dispatcher.')
    return found


_AGO = re.compile(r'(\d{1,18})([DHMS])')
_UNITS = {'D': 'days', 'H': 'hours', 'M': 'minutes', 'S': 'seconds'}


def _moment(text: str | None) -> Any:
    """Return the key of a poll, or the time some time ago."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    if not re.fullmatch(r'(\d{1,18}[DHMS])+', text.upper(), re.ASCII):
        raise CommandError(f'{text!r} is neither the key of a poll nor a '
                           'time such as 1H30M.')
    ago: dict[str, float] = {}
    for number, unit in _AGO.findall(text.upper()):
        ago[_UNITS[unit]] = ago.get(_UNITS[unit], 0) + int(number)
    try:
        return now() - datetime.timedelta(**ago)
    except OverflowError:
        raise CommandError(f'{text!r} is too long ago.') from None


def status(uuid: str | None = None) -> Any:
    """Tell how the dispatcher is

    The status is STARTING, RUNNING, STOPPED, or STUCK if a poll is overdue.
    """
    return _dispatcher(uuid).getStatusInfo()


def jobs(queue: str | None = None, agent: str | None = None,
         uuid: str | None = None) -> Any:
    """List the ids of the jobs that are performed now

    async jobs [queue:NAME] [agent:NAME]
    """
    return _dispatcher(uuid).getActiveJobIds(queue, agent)


def job(OID: str, database: str | None = None,
        uuid: str | None = None) -> Any:
    """Tell what is remembered about a job

    async job OID [database:NAME]

    OID is the number that "async jobs" shows.
    """
    if not (OID.isascii() and OID.isdigit()):
        raise CommandError(f'{OID!r} is no number of a job.')
    info = _dispatcher(uuid).getJobInfo(int(OID), database)
    info.pop('id', None)
    return info


def jobstats(at: str | None = None, before: str | None = None,
             since: str | None = None, queue: str | None = None,
             agent: str | None = None, uuid: str | None = None) -> Any:
    """Sum up the jobs that the remembered polls tell of

    async jobstats [queue:NAME] [agent:NAME] [since:WHEN]
                   [at:WHEN | before:WHEN]

    WHEN is the key of a poll, or how long ago, such as 1H30M.
    """
    return _dispatcher(uuid).getStatistics(
        _moment(at), _moment(before), _moment(since), queue, agent)


def _show(info: Any) -> dict[str, Any]:
    return {'key': info.key, 'time': info.utc_timestamp, 'results': info}


def poll(at: str | None = None, before: str | None = None,
         uuid: str | None = None) -> Any:
    """Show one poll, by default the last

    async poll [at:WHEN | before:WHEN]

    WHEN is the key of a poll, or how long ago, such as 5M.
    """
    return _show(_dispatcher(uuid).getPollInfo(_moment(at), _moment(before)))


def polls(at: str | None = None, before: str | None = None,
          since: str | None = None, count: str | None = None,
          uuid: str | None = None) -> Any:
    """Show several polls, by default the last three

    async polls [count:N] [since:WHEN] [at:WHEN | before:WHEN]

    WHEN is the key of a poll, or how long ago, such as 5M.
    """
    number = 3 if since is None else None
    if count is not None:
        if not (count.isascii() and count.isdigit()):
            raise CommandError(f'{count!r} is no number.')
        number = int(count)
    return [_show(info) for info in _dispatcher(uuid).iterPolls(
        _moment(at), _moment(before), _moment(since), number)]


def utcnow() -> str:
    """Tell the time, in UTC"""
    text: str = _plain(now())
    return text


def UUID() -> str:
    """Tell the UUID of this instance"""
    return str(instanceuuid.UUID)


def help(cmd: str | None = None) -> str:
    """Tell how to use a command

    async help [COMMAND]
    """
    if cmd is None:
        return '\n'.join(['Commands of async:'] + [
            f'  {name} -- {(function.__doc__ or "").partition(chr(10))[0]}'
            for name, function in sorted(funcs.items())])
    if cmd not in funcs:
        raise CommandError(f'async has no command {cmd!r}.')
    return '\n'.join(line.strip() for line in (
        funcs[cmd].__doc__ or '').splitlines())


funcs: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (
        UUID, help, job, jobs, jobstats, poll, polls, status, utcnow)}


def command(connection: Writer, cmd: str | None = None,
            *words: str) -> None:
    """Ask about the dispatcher of this process

    "async help" lists the commands.
    """
    try:
        answer = help() if cmd is None else _answer(cmd, words)
    except CommandError as e:
        answer = str(e)
    connection.write(answer + '\n')


def _answer(cmd: str, words: tuple[str, ...]) -> str:
    function = funcs.get(cmd)
    if function is None:
        raise CommandError(
            f'async has no command {cmd!r}.  Try "async help".')
    args: list[str] = []
    kwargs: dict[str, str] = {}
    for word in words:
        name, colon, value = word.partition(':')
        if colon:
            kwargs[name] = value
        elif kwargs:
            raise CommandError('Words with a name come last.')
        else:
            args.append(word)
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        raise CommandError(f'"async help {cmd}" tells how to use it.'
                           ) from None
    try:
        result = function(*args, **kwargs)
    except ValueError as e:
        raise CommandError(str(e)) from None
    return result if isinstance(result, str) else encode(result)


def start(address: Any) -> Any:
    """Start zc.zk's monitor server with the command ``async``.

    :param address: see `zc.zk.monitor.start`
    :returns: the address that was bound
    :raises ImportError: when the extra ``monitor`` is not installed
    """
    try:
        import zc.zk.monitor
    except ImportError as e:
        if e.name != 'zc.zk':
            raise
        raise ImportError('The monitor needs zc.zk.  Install '
                          'zc.async[monitor].') from None
    zc.zk.monitor.register(command, 'async')
    return zc.zk.monitor.start(address)


def _configured_port() -> str | None:
    """Return the port that the zope.conf names, or None."""
    module = sys.modules.get('zope.app.appsetup.product')
    found = (module.getProductConfiguration(PRODUCT)
             if module is not None else None)
    if found is None:
        found = configuration.get(PRODUCT)
    for name in 'port', 'bind':
        if found and found.get(name):
            return str(found[name])
    return None


#: Sections of a zope.conf that was read without zope.app.appsetup.
configuration: dict[str, dict[str, str]] = {}

#: The addresses of the servers that `start_configured` started.
started: list[Any] = []


@zope.component.adapter(IDatabaseOpenedEvent)
def start_configured(event: Any) -> None:
    """Start the monitor server, if the zope.conf names a port."""
    port = _configured_port()
    if port is not None:
        address = start(port)
        started.append(address)
        log.info('monitor server at %s', address)
