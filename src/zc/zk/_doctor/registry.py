"""What stands in ZooKeeper, read in bulk and judged node by node.

Runs in its caller's thread.  What is kept is the registered servers and the
findings, never the whole tree.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.security import make_digest_acl_credential

from .._looking.items import Branch
from .._looking.items import Item
from .._session import insides
from .._session.requests import Bulk
from .._tree import paths
from .._tree.links import Found
from .._tree.links import Reading
from ..client import ZooKeeper
from .rules import nodes
from .rules import permissions
from .rules import pointers
from .rules import reach
from .rules import registrants
from .rules.finding import Findings
from .rules.pointers import Pointer
from .rules.registrants import Registrant
from .rules.registrants import registrant


#: How many services are asked for at a time.
AT_ONCE = 500
#: How many links are followed at a time.  The data where they lead are kept
#: meanwhile, and may be a megabyte each.
LINKS_AT_ONCE = 64

Progress = Callable[[Iterable[Item]], Iterable[Item]]


class _Place(NamedTuple):
    """A node whose children are being read.

    :ivar names: of its children, sorted
    :ivar registrants: what may be servers among its children
    """

    item: Item
    properties: Mapping[str, Any]
    registrants: list[Registrant]


class Registry:
    """Reads a tree and judges it.

    :param zk: the connection
    :param findings: get what is found
    :param local: whether ZooKeeper is on this machine and for it alone
    :param now: in seconds since 1970
    :ivar servers: the registered servers that have an address
    :ivar services: the children's version of each service's node, by path
    """

    def __init__(
        self, zk: ZooKeeper, findings: Findings, local: bool, now: float
    ) -> None:
        self.servers: list[Registrant] = []
        self.services: dict[str, int] = {}
        self._zk = zk
        self._bulk = Bulk(zk.client)
        self._maxbuffer = zk._bulk.jute_maxbuffer
        self._findings = findings
        self._local = local
        self._now = now
        self._pointers: list[Pointer] = []
        self._first: dict[tuple[str, int], str] = {}

    def read(self, path: str, progress: Progress) -> None:
        """Read and judge a node and all below it.

        :param path: a real path
        :param progress: passes the nodes on, and counts them
        :raises NoNodeError: when the node is gone
        """
        branch = Branch(self._zk, path)
        open_: list[_Place] = []
        for item in progress(branch):
            while len(open_) > item.depth:
                self._close(open_.pop())
            place = self._judged(item, open_[-1] if open_ else None)
            open_.append(place)
        while open_:
            self._close(open_.pop())
        self._follow()
        for hidden in branch.unreadable:
            permissions.judge_hidden(self._findings, hidden)
        self._judge_acls()

    def churn(self) -> Iterator[tuple[str, int]]:
        """Yield services, and how often nodes came or went there since."""
        services = list(self.services)
        for start in range(0, len(services), AT_ONCE):
            some = services[start:start + AT_ONCE]
            for path, answer in zip(some, self._bulk.data(some), strict=True):
                if isinstance(answer, tuple):
                    yield path, answer[1].cversion - self.services[path]

    def _judged(self, item: Item, above: _Place | None) -> _Place:
        properties, fault = nodes.read(item.path, item.data)
        if above is not None and not item.names:
            each = registrant(
                item.path, properties, fault, item.stat.ephemeralOwner,
                item.modified)
            if each is not None:
                above.registrants.append(each)
                fault = ''      # it is judged with the others
        nodes.judge(self._findings, item.path, item.data, fault, item.names,
                    self._maxbuffer)
        for pointer in pointers.pointers(
                item.path, properties or {}, item.names):
            self._pointers.append(pointer)
            if len(self._pointers) >= LINKS_AT_ONCE:
                self._follow()
        return _Place(item, properties or {}, [])

    def _close(self, place: _Place) -> None:
        """Judge a node of which all children were read."""
        path, found = place.item.path, place.registrants
        if not registrants.is_service(path, found):
            return
        registrants.judge(
            self._findings, path, place.properties, place.item.modified,
            found, self._local, self._now)
        self.services[path] = place.item.stat.cversion
        for each in found:
            if each.address is not None:
                first = self._first.setdefault(each.address, each.path)
                if paths.split(first)[0] != path:
                    reach.judge_doubles(self._findings, each.path, first)
                self.servers.append(each)

    def _follow(self) -> None:
        """Judge the links that were read."""
        some, self._pointers = self._pointers, []
        asked = sorted({goal for goal in [each.goal for each in some]
                        if goal is not None})
        known: dict[str, Found] = {}

        def lookup(wanted: Sequence[str]) -> list[Found]:
            missing = [each for each in wanted if each not in known]
            if missing:
                known.update(zip(
                    missing, self._zk._nodes.lookup(missing), strict=True))
            return [known[each] for each in wanted]

        lookup(asked)
        # What was read stays as it is, so each step is found once.
        reading = Reading(lookup, still=True)
        for each in some:
            pointers.judge(self._findings, each, reading)

    def _judge_acls(self) -> None:
        services = list(self.services)
        identities, schemes = _identities(self._zk)
        for start in range(0, len(services), AT_ONCE):
            some = services[start:start + AT_ONCE]
            for path, answer in zip(some, self._bulk.acls(some), strict=True):
                if isinstance(answer, tuple):
                    permissions.judge_acl(
                        self._findings, path, answer[0], identities,
                        schemes)


def registered(zk: ZooKeeper) -> Iterator[Registrant]:
    """Yield all that is registered anywhere.

    :raises NoAuthError: when there are nodes that may not be read
    """
    branch = Branch(zk, '/')
    for item in branch:
        if not item.names and item.ephemeral:
            each = registrant(
                item.path, *nodes.read(item.path, item.data),
                item.stat.ephemeralOwner, item.modified)
            if each is not None:
                yield each
    if branch.unreadable:
        raise NoAuthError(branch.unreadable[0])


def real_path(
    zk: ZooKeeper, findings: Findings, path: str
) -> str | None:
    """Return where a path leads; None after a finding that says why not."""
    story, why = pointers.trace(zk._nodes.lookup, '/', path)
    if not why:
        try:
            return zk.resolve(path)
        except NoNodeError:
            why = f'there is no node {path}'     # gone meanwhile
    if ' -> ' in story:
        findings.error(
            'broken-link', path, f'the path leads {story}: {why}',
            'correct the link, or create what it leads to')
    else:
        findings.error(
            'no-node', path, why,
            'create it (zczk import), or look for the name: zczk find')
    return None


def _identities(
    zk: ZooKeeper
) -> tuple[set[permissions.Identity], set[str]]:
    """Return as whom we are authenticated, and by which schemes for sure."""
    known = {'digest'} if insides.uses_sasl(zk.client) else {'digest', 'sasl'}
    found = set()
    for scheme, credential in zk.client.auth_data:
        if scheme == 'digest':
            found.add((scheme, make_digest_acl_credential(
                *credential.split(':', 1))))
        else:
            known.discard(scheme)
    return found, known
