"""The services of the tree as documents: a card each, and the picture.

Pure: the time is an argument.  It must not know how the tree is followed.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from .._discovery import entry
from .._discovery.overrides import OVERRIDES
from .._discovery.overrides import Overrides
from .._following import NodeState
from .._tree import links
from .._tree import paths
from .._tree.graph import PROVIDERS
from .._tree.model import LINK
from .._tree.model import PROPERTY_LINK
from ..errors import Error
from .branch import TreeCopy
from .hiding import is_hidden
from .hiding import properties_shown
from .hiding import shown
from .ring import moment


#: How many providers a card has at most; it tells how many there are.
MOST_PROVIDERS = 200
#: For how long one that went is shown, in seconds, and how many of them.
GONE_SECONDS = 120.0
MOST_GONE = 20


class Use(NamedTuple):
    """A link of a service, or of a node below it, to another service.

    :ivar name: of the link, below the path of the service
    :ivar target: the path of the other service
    """

    service: str
    name: str
    target: str
    broken: bool


class Gone(NamedTuple):
    """A provider that went.

    :ivar time: when, in seconds since 1970
    :ivar state: what its node held
    """

    time: float
    state: NodeState


class Cards:
    """Makes the cards of services, and keeps those that are still right.

    :param branch: the tree
    """

    def __init__(self, branch: TreeCopy) -> None:
        self._branch = branch
        self._cards: dict[str, dict[str, Any]] = {}
        self._gone: dict[str, dict[str, Gone]] = {}
        # Documents of providers, with what they were made of
        self._known: dict[str, tuple[NodeState | None, Any, Any]] = {}
        self._structure = -1
        self._from: dict[str, list[Use]] = {}
        self._to: dict[str, list[Use]] = {}

    def touched(self, path: str) -> Iterator[str]:
        """Yield the services whose cards show a node; forget these cards."""
        here = path
        if path not in self._branch:
            self._known.pop(path, None)
        for _ in range(3):
            known = self._cards.pop(here, None)
            if known is not None or here in self._branch.services:
                yield here
            if here == '/':
                return
            here = paths.split(here)[0]

    def went(self, path: str, gone: Gone) -> None:
        """Remember a provider that went, for a while."""
        above, name = paths.split(path)
        service, kind = paths.split(above)
        if kind == PROVIDERS:
            there = self._gone.setdefault(service, {})
            there[name] = gone
            while len(there) > MOST_GONE:
                del there[next(iter(there))]

    def expire(self, now: float) -> list[str]:
        """Forget those that went long ago; return their services."""
        found = []
        for service, there in list(self._gone.items()):
            old = [name for name, gone in there.items()
                   if now - gone.time > GONE_SECONDS]
            for name in old:
                del there[name]
            if old:
                found.append(service)
                self._cards.pop(service, None)
            if not there:
                del self._gone[service]
        return found

    def uses(self) -> list[Use]:
        """Return the links between services, sorted."""
        self.look()
        return sorted(use for uses in self._from.values() for use in uses)

    def card(self, service: str) -> dict[str, Any] | None:
        """Return the card of a service, None if it is none."""
        self.look()
        branch = self._branch
        if service not in branch.services:
            return None
        card = self._cards.get(service)
        if card is None:
            card = self._cards[service] = self._make(service)
        return card

    def picture(self) -> dict[str, Any]:
        """Return services and their links, for a picture."""
        branch = self._branch
        nodes = []
        for path in sorted(branch.services):
            type_ = branch.properties(path).get('type')
            providers = len(branch.names(paths.join(path, PROVIDERS)))
            nodes.append({
                'id': path, 'label': path, 'kind': 'service',
                'type': type_ if isinstance(type_, str) else None,
                'providers': providers})
        uses = self.uses()
        missing = {use.target for use in uses} - branch.services
        nodes += [{'id': path, 'label': path, 'kind': 'missing',
                   'type': None, 'providers': 0} for path in sorted(missing)]
        edges = {(use.service, use.target): use for use in reversed(uses)}
        return {'generation': branch.generation, 'nodes': nodes, 'edges': [
            {'from': start, 'to': end, 'label': use.name,
             'kind': 'broken' if use.broken else 'link'}
            for (start, end), use in sorted(edges.items())]}

    def look(self) -> list[str]:
        """Look for links anew if any of them may have changed.

        :returns: the services whose links did
        """
        branch = self._branch
        if self._structure == branch.structure:
            return []
        before = self._from, self._to
        self._from, self._to = {}, {}
        reading = links.Reading(branch.lookup, still=True)
        for path in sorted(branch.linking):
            service = self._service_of(path)
            if service is None:
                continue
            for use in self._uses_of(reading, path, service):
                self._from.setdefault(service, []).append(use)
                self._to.setdefault(use.target, []).append(use)
        changed = {
            service
            for old, new in zip(before, (self._from, self._to), strict=True)
            for service in {*old, *new}
            if old.get(service) != new.get(service)}
        for service in changed:
            self._cards.pop(service, None)
        self._structure = branch.structure
        return sorted(changed & branch.services)

    def _service_of(self, path: str) -> str | None:
        """Return the service that a node is part of."""
        while path not in self._branch.services:
            if path == '/':
                return None
            path = paths.split(path)[0]
        return path

    def _uses_of(
        self, reading: links.Reading, path: str, service: str
    ) -> Iterator[Use]:
        properties = self._branch.properties(path)
        for name in sorted(properties):
            target = properties[name]
            if not name.endswith(LINK) or not isinstance(target, str) or (
                    not target.endswith('/' + PROVIDERS)):
                continue
            try:
                whole = paths.follow(path, target)
            except Error:
                continue
            used = paths.split(whole)[0]
            if used == service:
                continue
            below = path[len(service.rstrip('/')):].lstrip('/')
            link = name.removesuffix(LINK)
            yield Use(service, f'{below}/{link}' if below else link, used,
                      not _leads_somewhere(reading, whole))

    def _make(self, service: str) -> dict[str, Any]:
        branch = self._branch
        properties = branch.properties(service)
        type_ = properties.get('type')
        above = paths.join(service, PROVIDERS)
        rules = branch.properties(above).get(OVERRIDES)
        overrides = Overrides(rules)
        names = branch.names(above)
        providers = [
            self._provider(paths.join(above, name), overrides, rules)
            for name in names[:MOST_PROVIDERS]]
        there = set(names)
        providers += [
            _described(
                paths.join(above, name), gone.state, overrides, gone.time)
            for name, gone in self._gone.get(service, {}).items()
            if name not in there]
        return {
            'path': service,
            'type': type_ if isinstance(type_, str) else None,
            'properties': properties_shown(
                {name: value for name, value in properties.items()
                 if not name.endswith((LINK, PROPERTY_LINK))},
                paths.split(service)[1]),
            'providers': providers,
            'total': len(names),
            'links': [_link(use) for use in self._from.get(service, ())],
            'linked_from': [
                {'path': use.service, 'name': use.name}
                for use in self._to.get(service, ())],
        }

    def _provider(
        self, path: str, overrides: Overrides, rules: Any
    ) -> dict[str, Any]:
        state = self._branch.nodes[path].state
        known = self._known.get(path)
        if known is None or known[0] is not state or known[1] != rules:
            known = self._known[path] = state, rules, _described(
                path, state, overrides, None)
        described: dict[str, Any] = known[2]
        return described


def _link(use: Use) -> dict[str, Any]:
    link: dict[str, Any] = {'name': use.name, 'to': use.target}
    if use.broken:
        link['broken'] = True
    return link


def _leads_somewhere(reading: links.Reading, path: str) -> bool:
    try:
        links.resolve(reading, path)
    except Exception:
        return False
    return True


def _described(
    path: str,
    state: NodeState | None,
    overrides: Overrides,
    gone: float | None,
) -> dict[str, Any]:
    """Return what is known of a provider.

    :param gone: when it went, or None
    """
    name = paths.split(path)[1]
    data = state.data if state is not None else b''
    own = entry.read(name, data)
    found = entry.read(
        name, data, overrides.of(name, own.properties)) if overrides else own
    properties = found.properties
    return {
        'address': name,
        'path': path,
        'state': _state(found, gone),
        'version': _told(properties, 'version'),
        'pid': _told(properties, 'pid'),
        'monitor': _told(properties, 'monitor'),
        'weight': found.weight,
        'since': None if state is None else moment(state.created / 1000),
        'gone': None if gone is None else moment(gone),
        'properties': properties_shown(properties, name),
        'error': found.error,
    }


def _state(found: entry.Entry, gone: float | None) -> str:
    if gone is not None:
        return 'gone'
    if found.properties.get('healthy') is False:
        return 'failing'
    return 'draining' if found.weight == 0 else 'ready'


def _told(properties: Mapping[str, Any], name: str) -> Any:
    """Return what a server says of itself, if it is text or a number."""
    value = properties.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    found = shown(name, value)
    return None if is_hidden(found) else found
