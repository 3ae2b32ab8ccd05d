"""Changes that someone at the page asks for, each by the version seen.

Runs in threads beside the event loop, and waits for ZooKeeper.  Each change
is logged with who made it; values are not.
"""
from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError

from .._commands.drain import weigh
from .._commands.streams import Failure
from .._discovery.entry import MAX_WEIGHT
from .._printable import printable
from .._session.requests import is_connection_error
from .._transfer.planned import Plan
from .._tree import paths
from .._tree.model import LINK
from .._tree.model import PROPERTY_LINK
from .._tree.values import decode
from .._tree.values import encode
from ..client import ZooKeeper
from ..errors import Error
from ..errors import PlanMoved
from .hiding import kept
from .hiding import properties_shown
from .review import lines_of
from .review import notes_of


logger = logging.getLogger('zc.zk.web')

#: How many plans are kept between their being shown and applied.
MOST_PLANS = 20

Document = dict[str, Any]


class Conflict(Exception):
    """Somebody else was quicker.

    :ivar document: what the page shows then
    """

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.document = document


class Unfit(ValueError):
    """What was asked for makes no sense; its text says why."""


class Changes:
    """Makes changes.

    :param zk: the connection
    """

    def __init__(self, zk: ZooKeeper) -> None:
        self._zk = zk
        self._lock = threading.Lock()
        self._plans: dict[str, Plan] = {}
        self.methods: Mapping[str, Callable[[Document, str], Document]] = {
            'set': self._set, 'drain': self._drain, 'weight': self._weight,
            'link': self._link, 'plan': self._plan, 'apply': self._apply}

    def make(
        self, name: str, asked: Document, user: str
    ) -> tuple[int, Document]:
        """Make a change; return the status of the reply, and what it says.

        :param name: in `methods`
        :param user: who asks, for the log
        """
        if not self._zk.client.connected:
            return 503, {'error': 'there is no connection to ZooKeeper'}
        try:
            return 200, self.methods[name](asked, user)
        except Conflict as e:
            return 409, e.document
        except PlanMoved as e:
            return 409, {'error': str(e), 'paths': list(e.paths)}
        except NoNodeError as e:
            return 404, {'error': f'there is no node {e}'}
        except NoAuthError as e:
            return 403, {'error': f'no permission at {e}'}
        except (Error, Failure, ValueError, NodeExistsError) as e:
            return 422, {'error': str(e)}
        except KazooException as e:
            if not is_connection_error(e):
                raise
            return 503, {'error': 'the connection to ZooKeeper was lost; '
                         'look whether the change was made'}

    def _set(self, asked: Document, user: str) -> Document:
        path = _path(asked)
        given = asked.get('properties')
        version = asked.get('version')
        if not isinstance(given, dict):
            raise Unfit('properties must be an object')
        if isinstance(version, bool) or not isinstance(version, int):
            raise Unfit('version must be the one that was seen')
        data, stat = self._zk.get(path)
        old = decode(data, path)
        if stat.version != version:
            raise self._conflict(path, given, old, stat.version)
        wanted = {name: value for name, value in old.items()
                  if name.endswith((LINK, PROPERTY_LINK))}
        wanted.update(kept(given, old))
        written = [name for name in wanted if name not in old
                   or old[name] != wanted[name]]
        encoded = encode(wanted, path)
        self._zk._nodes.check_links(path, encoded, written)
        try:
            stat = self._zk.set(path, encoded, version)
        except BadVersionError:
            data, stat = self._zk.get(path)
            raise self._conflict(
                path, given, decode(data, path), stat.version) from None
        gone = sorted(old.keys() - wanted.keys())
        _log(user, path, 'set ' + ', '.join(sorted(written)) + (
            '; removed ' + ', '.join(gone) if gone else ''))
        return {'path': path, 'version': stat.version}

    def _conflict(
        self, path: str, given: Document, found: Document, version: int
    ) -> Conflict:
        name = paths.split(path)[1]
        return Conflict({
            'error': f'{path} was changed by someone else',
            'yours': properties_shown(given, name),
            'theirs': properties_shown({
                key: value for key, value in found.items()
                if not key.endswith((LINK, PROPERTY_LINK))}, name),
            'version': version})

    def _drain(self, asked: Document, user: str) -> Document:
        drain = asked.get('drain')
        if not isinstance(drain, bool):
            raise Unfit('drain must be true or false')
        return self._weigh(_path(asked), 0 if drain else None, user)

    def _weight(self, asked: Document, user: str) -> Document:
        weight = asked.get('weight')
        if weight is not None and (
                isinstance(weight, bool)
                or not isinstance(weight, (int, float))
                or not 0 <= weight <= MAX_WEIGHT):
            raise Unfit(f'weight must be a number from 0 to {MAX_WEIGHT:g}, '
                        "or null for the server's own")
        return self._weigh(_path(asked), weight, user)

    def _weigh(
        self, path: str, weight: float | None, user: str
    ) -> Document:
        above, name = paths.split(path)
        if not name:
            raise Unfit('the root is no server')
        weigh(self._zk, above, [name], weight)
        _log(user, path, 'its own weight' if weight is None
             else f'weight {weight:g}')
        return {'path': path, 'weight': weight}

    def _link(self, asked: Document, user: str) -> Document:
        path, name = _path(asked), asked.get('name')
        if not isinstance(name, str) or not name or name in ('.', '..'):
            raise Unfit('name must be the name of a link')
        paths.check_name(name)
        target = asked.get('target')
        if target is None:
            try:
                self._zk._nodes.change(path, {}, [name + LINK])
            except KeyError:
                raise NoNodeError(f'{path} with a link {name}') from None
            _log(user, path, f'removed the link {name}')
        elif isinstance(target, str):
            self._zk.ln(target, paths.join(path, name))
            _log(user, path, f'link {name} -> {target}')
        else:
            raise Unfit('target must be a path, or null to remove the link')
        return {'path': path, 'name': name, 'target': target}

    def _plan(self, asked: Document, user: str) -> Document:
        text, trim = asked.get('text'), asked.get('trim', False)
        if not isinstance(text, str) or not isinstance(trim, bool):
            raise Unfit('text must be a tree, and trim true or false')
        plan = self._zk.plan(text, _path(asked), trim or None)
        id = secrets.token_urlsafe(12)
        lines = lines_of(plan)
        with self._lock:
            self._plans[id] = plan
            while len(self._plans) > MOST_PLANS:
                del self._plans[next(iter(self._plans))]
        changes = notes_of(plan)
        return {'diff': lines, 'plan': {'id': id}, **changes}

    def _apply(self, asked: Document, user: str) -> Document:
        named = asked.get('plan')
        id = named.get('id') if isinstance(named, dict) else None
        with self._lock:
            plan = self._plans.pop(id, None) if isinstance(
                id, str) else None
        if plan is None:
            raise Conflict({'error': 'this plan is not known any more; make '
                            'it again'})
        plan.apply()
        _log(user, plan.path, f'applied a plan: {len(plan.applied)} nodes')
        return {'applied': len(plan.applied)}


def _path(asked: Document) -> str:
    path = asked.get('path', '/')
    if not isinstance(path, str):
        raise Unfit('path must be text')
    return paths.normal(path)


def _log(user: str, path: str, what: str) -> None:
    logger.info('%s changed %s: %s', printable(user), printable(path),
                printable(what))
