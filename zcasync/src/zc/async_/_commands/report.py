"""What commands tell about queues and jobs: plain data, then lines.

Runs in the main thread.  It must not know how a database is opened.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._rules import states
from .._rules.failure import is_failure
from .._stored.base import get_id


__all__ = ['describe_job', 'describe_queue', 'jobs_in', 'lines']


def describe_queue(queue: Any) -> dict[str, Any]:
    """Return how a queue is."""
    dispatchers = {}
    running = 0
    for agents in queue.dispatchers.values():
        jobs = {name: len(agent) for name, agent in agents.items()}
        running += sum(jobs.values())
        dispatchers[str(agents.UUID)] = {
            'activated': agents.activated, 'host': agents.host,
            'pid': agents.pid, 'last ping': agents.last_ping.value,
            'agents': {name: {'size': agent.size, 'jobs': jobs[name]}
                       for name, agent in agents.items()}}
    return {'waiting': len(queue), 'running': running,
            'suspended': len(queue.waiting), 'dead': len(queue.dead),
            'dispatchers': dispatchers,
            'quotas': {name: {'size': quota.size, 'jobs': len(quota)}
                       for name, quota in queue.quotas.items()}}


def jobs_in(queue: Any, state: str) -> Iterator[Any]:
    """Iterate over jobs.

    :param state: 'waiting', 'running', 'suspended', 'dead' or 'completed'
    """
    if state == 'waiting':
        yield from queue
    elif state == 'suspended':
        yield from queue.waiting
    elif state == 'dead':
        yield from queue.dead
    else:
        for agents in queue.dispatchers.values():
            for agent in agents.values():
                yield from agent if state == 'running' else agent.completed


def describe_job(job: Any, whole: bool = False) -> dict[str, Any]:
    """Return what is known about a job.

    :param whole: with the traceback, annotations and callbacks
    """
    number, database = get_id(job)
    result: dict[str, Any] = {
        'id': number, 'database': database, 'call': repr(job),
        'status': states.NAMES[job.status], 'priority': job.priority,
        'begin after': job.begin_after, 'started': job.active_start,
        'ended': job.active_end, 'failed': is_failure(job.result)}
    live = None if job.queue is None else job.queue.live.get(job)
    if live is not None and live.progress is not None:
        result['progress'] = list(live.progress)
    if is_failure(job.result):
        result['error'] = job.result.getBriefTraceback()
    elif job.active_end is not None:
        result['result'] = repr(job.result)
    if whole:
        result['queue'] = getattr(job.queue, 'name', None)
        result['quotas'] = list(job.quota_names)
        result['put by'] = job.assignerUUID
        result['annotations'] = {
            name: repr(value) for name, value in job.annotations.items()}
        result['callbacks'] = [
            {'id': get_id(each)[0], 'status': states.NAMES[each.status]}
            for each in job.callbacks]
        if is_failure(job.result):
            result['traceback'] = job.result.getTraceback()
    return result


def lines(value: Any, indent: str = '') -> Iterator[str]:
    """Return plain data as lines for people."""
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, (dict, list)) and each:
                yield f'{indent}{name or repr(name)}:'
                yield from lines(each, indent + '  ')
            else:
                yield f'{indent}{name or repr(name)}: {_one(each, indent)}'
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, dict):
                inner = list(lines(each, indent + '  '))
                yield f'{indent}- {inner[0].lstrip()}'
                yield from inner[1:]
            else:
                yield f'{indent}- {_one(each, indent)}'
    else:
        yield f'{indent}{_one(value, indent)}'


def _one(value: Any, indent: str) -> str:
    if value is None or value in ({}, []):
        return '-'
    if hasattr(value, 'isoformat'):
        value = value.isoformat(' ', 'seconds')
    text = ''.join(
        each if each.isprintable() or each == '\n' else
        each.encode('unicode_escape').decode('ascii')
        for each in str(value)).rstrip('\n')
    if '\n' in text:
        inner = '\n'.join(
            f'{indent}    {each}' for each in text.split('\n'))
        return f'|\n{inner}'
    return text
