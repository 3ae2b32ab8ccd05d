"""Plans as text that can be kept, reviewed, and applied later.

Pure: from steps, and what was read of the nodes that they touch, to JSON
and back.  The text was written by others: each part is checked.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from ..errors import DataError
from ..errors import PlanSyntaxError
from ..errors import ValueNotStorable
from . import paths
from .steps import REASONS
from .steps import Add
from .steps import Change
from .steps import Remove
from .steps import Stay
from .steps import Step
from .values import decode
from .values import encode


FORMAT = 'zc.zk plan'
VERSION = 1


class Seen(NamedTuple):
    """What was read of a node that a plan changes or deletes.

    :ivar mzxid: of the last change of its data: no other node, and no other
        data of this node, ever have the same
    :ivar old: its properties; None when its data are not text
    """

    mzxid: int
    old: dict[str, Any] | None


class SavedPlan(NamedTuple):
    """A plan, and what it is for.

    :ivar hosts: the servers of the ensemble, as ``host:port``
    :ivar chroot: the path that is the root, in the ensemble
    :ivar path: of the import
    :ivar trim: whether nodes are deleted that the text does not have
    :ivar seen: what was read of each node that is changed or deleted
    """

    hosts: list[str]
    chroot: str
    path: str
    trim: bool
    steps: list[Step]
    seen: dict[str, Seen]


def dump(saved: SavedPlan) -> str:
    """Return the text of a plan."""
    return json.dumps({
        'format': FORMAT,
        'version': VERSION,
        'hosts': saved.hosts,
        'chroot': saved.chroot,
        'path': saved.path,
        'trim': saved.trim,
        'steps': [_dumped(step, saved.seen) for step in saved.steps],
    }, indent=1, ensure_ascii=True) + '\n'


def _dumped(step: Step, seen: Mapping[str, Seen]) -> dict[str, Any]:
    if isinstance(step, Add):
        return {'step': 'add', 'path': step.path, 'top': step.top,
                'new': decode(step.data, step.path)}
    if isinstance(step, Stay):
        return {'step': 'keep', 'path': step.path, 'reason': step.reason}
    known = seen[step.path]
    facts = {'path': step.path, 'version': step.version,
             'mzxid': known.mzxid, 'old': known.old}
    if isinstance(step, Change):
        return {'step': 'change', **facts, 'new': step.new}
    return {'step': 'delete', **facts, 'czxid': step.czxid}


def load(text: str) -> SavedPlan:
    """Return the plan that a text holds.

    :raises PlanSyntaxError: when it holds none
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise PlanSyntaxError(f'it is not JSON: {e}') from None
    plan = _Part(found, 'the plan')
    if plan.get('format', str) != FORMAT:
        raise PlanSyntaxError(f'its format is not {FORMAT!r}')
    if plan.get('version', int) != VERSION:
        raise PlanSyntaxError(
            f'its version is {plan.get("version", int)}; version {VERSION} '
            'is known here')
    seen: dict[str, Seen] = {}
    hosts = plan.get('hosts', list)
    if not all(isinstance(host, str) for host in hosts):
        raise PlanSyntaxError('its hosts are not strings')
    return SavedPlan(
        hosts, plan.get('chroot', str), plan.path(), plan.get('trim', bool),
        [_loaded(_Part(each, f'step {number}'), seen) for number, each in
         enumerate(plan.get('steps', list), 1)], seen)


class _Part:
    """A part of a text, which must be an object with certain members."""

    def __init__(self, found: object, name: str) -> None:
        if not isinstance(found, dict):
            raise PlanSyntaxError(f'{name} is not an object')
        self._found = found
        self.name = name

    def get(self, name: str, kind: type) -> Any:
        """Return a member, which must be there and of a kind."""
        value = self._found.get(name)
        if type(value) is not kind:
            raise PlanSyntaxError(
                f'"{name}" of {self.name} is missing or of a wrong type')
        return value

    def path(self) -> str:
        """Return the path, which must be one."""
        path: str = self.get('path', str)
        try:
            return paths.check(path)
        except ValueError as e:
            raise PlanSyntaxError(f'"path" of {self.name}: {e}') from None

    def properties(self, name: str) -> dict[str, Any]:
        """Return properties, which must be fit for a node."""
        found: dict[str, Any] = self.get(name, dict)
        return found


def _loaded(part: _Part, seen: dict[str, Seen]) -> Step:
    kind, path = part.get('step', str), part.path()
    if kind == 'keep':
        reason = part.get('reason', str)
        if reason not in REASONS:
            raise PlanSyntaxError(f'"reason" of {part.name} is unknown')
        return Stay(path, reason)
    if kind == 'add':
        return Add(path, _data(part, path), part.get('top', bool))
    if kind not in ('change', 'delete'):
        raise PlanSyntaxError(f'"step" of {part.name} is unknown')
    if path in seen:
        raise PlanSyntaxError(f'{path} is in two steps')
    version = part.get('version', int)
    old = None
    if kind == 'change' or part._found.get('old') is not None:
        old = part.properties('old')
    seen[path] = Seen(part.get('mzxid', int), old)
    if kind == 'delete':
        return Remove(path, version, part.get('czxid', int))
    return Change(path, _data(part, path), version, old or {},
                  part.properties('new'))


def _data(part: _Part, path: str) -> bytes:
    try:
        return encode(part.properties('new'), path)
    except (DataError, ValueNotStorable) as e:
        raise PlanSyntaxError(f'"new" of {part.name}: {e}') from None
