"""The ZooKeeper object: everything of this package on one connection.

It composes the modules beneath and has no logic of its own.  Any thread may
use it.  It belongs to the process that made it.
"""
from __future__ import annotations

import collections
import os
import threading
import time
import weakref
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from types import TracebackType
from typing import Any
from typing import Literal
from typing import TypeVar
from typing import overload

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import NotEmptyError
from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE

from . import event
from ._discovery.providers import Options
from ._discovery.providers import Providers
from ._discovery.ways import TWO_CHOICES
from ._live.cache import keys_of
from ._live.children import Children
from ._live.engine import Engine
from ._live.live import Live
from ._live.properties import Properties
from ._registration.hosts import ipv4_addresses
from ._registration.keeper import Keeper
from ._registration.registration import Registration
from ._registration.states import State
from ._session import connect
from ._session.connection import Connection
from ._session.nodes import Nodes
from ._session.nodes import acl_list
from ._session.requests import JUTE_MAXBUFFER
from ._session.requests import is_connection_error
from ._statistics import Statistics
from ._transfer import importer
from ._tree import links
from ._tree import paths as _paths
from ._tree.addresses import format_name
from ._tree.model import LINK
from ._tree.parser import parse_tree
from ._worker.moments import Moments
from .errors import AddressError
from .errors import PathError
from .event import RegisteringServer


L = TypeVar('L', bound=Live)

#: The longest for `settle` to wait, in seconds: a callback may block.
SETTLE_SECONDS = 5.0


class ZooKeeper(Nodes):
    """Service registration, discovery and configuration in ZooKeeper.

    :param connection_string: comma-separated HOST:PORT of the servers,
        perhaps with a chroot at the end, or a kazoo client that is used as
        it is and left open by `close`; by default the environment variable
        ``ZC_ZK_CONNECTION_STRING``, or else ``127.0.0.1:2181``
    :param session_timeout: in seconds; 10 by default; a kazoo client that is
        passed in keeps its own
    :param wait: whether to wait for a connection without a limit
    :param connect_timeout: how long to try otherwise, in seconds; 0: return
        at once, and go on trying.  Until there is a connection,
        `providers` gives what was saved, or nobody
    :param jute_maxbuffer: the largest request that the servers accept, in
        bytes; give it if they do not use the default
    :param keywords: all others go to ``kazoo.client.KazooClient``:
        ``auth_data``, ``sasl_options``, ``use_ssl``, ``ca`` ...
    :raises FailedConnect: when there is no session in time
    """

    def __init__(
        self,
        connection_string: str | KazooClient | None = None,
        session_timeout: float | None = None,
        wait: bool = False,
        *,
        connect_timeout: float = connect.CONNECT_TIMEOUT,
        jute_maxbuffer: int = JUTE_MAXBUFFER,
        **keywords: Any,
    ) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._closed = False
        connection = self._connection = Connection(
            connection_string, session_timeout, wait, connect_timeout,
            jute_maxbuffer, keywords, self._given_up)
        self.client: KazooClient = connection.client
        #: In seconds, as it was asked for
        self.session_timeout: float = connection.session_timeout
        self._bulk = connection.bulk
        self._chroot = connection.chroot
        self._engine = Engine(self._bulk, connection.name)
        self._keeper = Keeper(
            self._bulk, self._engine, connection.granted, connection.name)
        self._providers: weakref.WeakSet[Providers] = weakref.WeakSet()
        connection.follow(self._state_changed, self._keeper.connection_ended)

    def _state_changed(self, state: str) -> None:
        """Take note of the connection's state: the one kazoo listener."""
        self._engine.session_changed(state)
        self._keeper.session_changed(state)
        self._connection.session_changed(state)

    def _given_up(self) -> bool:
        """Tell, while it connects, whether nobody waits for that any more.
        """
        return False

    # Discovery and configuration

    def children(self, path: str) -> Children:
        """Return the names of a node's children, kept up to date.

        :param path: may lead through symbolic links
        :raises NoNodeError: when it leads to no node
        """
        return self._track([Children(self, self._engine, path)])[0]

    def properties(self, path: str, watch: bool = True) -> Properties:
        """Return a node's properties, kept up to date.

        :param path: may lead through symbolic links
        :param watch: whether to follow changes
        :raises NoNodeError: when it leads to no node
        :raises DataError: when the node's data are not text
        """
        found = Properties(self, self._engine, path, watch)
        if watch:
            return self._track([found])[0]
        found._read()
        return found

    def all_children(self, paths: Iterable[str]) -> list[Children]:
        """Return `children` of many paths, made in few requests."""
        return self._track(
            [Children(self, self._engine, path)
             for path in paths])

    def all_properties(self, paths: Iterable[str]) -> list[Properties]:
        """Return `properties` of many paths, made in few requests."""
        return self._track(
            [Properties(self, self._engine, path)
             for path in paths])

    def providers(
        self,
        path: str,
        choose: str = TWO_CHOICES,
        zone: str | None = None,
        subset: int | None = None,
        hold: float = Options().hold,
        eject: bool | float = True,
        snapshot: str | None = None,
    ) -> Providers:
        """Return the servers of a service, kept up to date, to choose from.

        :param path: of the node below which the servers register; may lead
            through symbolic links
        :param choose: ``'two choices'`` (the less loaded of two),
            ``'round robin'`` or ``'random'``
        :param zone: the value of the property ``zone`` of the servers to
            prefer
        :param subset: how many of the servers to use at most
        :param hold: how long to keep servers that vanish in a mass without
            a word, in seconds; 0: not at all
        :param eject: whether to leave out servers that keep failing; a
            number: for how long at first, in seconds
        :param snapshot: a directory to save the list in, for a start while
            ZooKeeper does not answer
        :raises NoNodeError: when `path` leads to no node, and there is a
            connection
        :raises ValueError: when an option makes no sense
        """
        found = Providers(self, self._engine, path, Options(
            choose, zone, subset, hold, eject, snapshot))
        with self._lock:
            self._providers.add(found)
        if not self.client.connected and (
                found._load() or self._connection.patient):
            self._engine.track_later(found._tracker)
            return found
        try:
            return self._track([found])[0]
        except KazooException as e:
            if not is_connection_error(e) or not found._load():
                found.close()
                raise
            self._engine.track_later(found._tracker)
            return found

    # Registration

    def register(
        self,
        path: str,
        address: str | tuple[str, int] | None = None,
        acl: Sequence[ACL] = READ_ACL_UNSAFE,
        **data: Any,
    ) -> None:
        """Register a server, for as long as this object lives.

        :param path: the node below which it registers; may lead through links
        :param address: a (host, port) pair, ``'host:port'`` or any other
            name that a node may have; an empty host stands for all IPv4
            addresses of this machine.  zc.zk 2.1 called it `addr`, which
            can still be given by that name
        :param acl: the access control list of the node
        :param data: properties of the node; ``pid`` is added
        :raises NoNodeError: when `path` leads to no node
        :raises NodeExistsError: when a live server has this address
        :raises AddressError: when no node can have this name
        :raises BadPropertyLink: when a property link can be none; whether
            there is anything where it leads is not looked at
        """
        if address is None:
            # Any, since what is missing is refused below, as what is bad.
            wanted: Any = data.pop('addr', None)
        else:
            wanted = address
        self.register_with(path, wanted, data, acl)

    register_server = register      # as zc.zk 0.9 called it

    def register_with(
        self,
        path: str,
        address: str | tuple[str, int],
        properties: Mapping[str, Any],
        acl: Sequence[ACL] = READ_ACL_UNSAFE,
        takeover: bool = False,
    ) -> list[Registration]:
        """Register a server as `register` does, as a runner of servers needs.

        :param properties: of the node, with any names; ``pid`` is added
        :param takeover: whether nodes of these names that are there already
            are replaced at once, whatever session they belong to.  Say so
            only if their server must be gone, for example because this
            process listens at the address now
        :returns: a registration for each node
        """
        name = format_name(address)
        properties = {**properties, 'pid': os.getpid()}
        real_path = self.resolve(path)
        acl = acl_list(acl)
        names = self._node_names(name)
        nodes = [_paths.join(real_path, each) for each in names]
        server = RegisteringServer(name, real_path, properties)
        kept: list[Registration] = []
        try:
            event.notify(server)
            links.check_property_links(nodes[0], properties)
            self._keeper.add(
                dict.fromkeys(nodes, properties), acl, takeover)
            kept = [each for each in self.registrations.values()
                    if each.path in nodes]
        finally:
            server._settle(kept)
        return kept

    @staticmethod
    def _node_names(name: str) -> list[str]:
        """Return the names of the nodes for an address."""
        if name[0] == ':' != name[1:2]:     # not an IPv6 address
            hosts = ipv4_addresses()
            if not hosts:
                raise AddressError(name, 'this machine has no IPv4 address')
            return [host + name for host in hosts]
        return [name]

    @property
    def registrations(self) -> Mapping[str, Registration]:
        """The registrations of this object, by the paths of their nodes."""
        self._bulk.check_process()
        return dict(self._keeper.registrations)

    def unregister(self, path: str, address: str | tuple[str, int]) -> None:
        """Delete the node of a registered server and end the registration.

        :raises NoNodeError: when it was not registered here
        """
        names = self._node_names(format_name(address))
        nodes = [_paths.join(self._path(path), name) for name in names]
        registrations = self.registrations
        if registrations.keys().isdisjoint(nodes):
            real_path = self.resolve(path)
            nodes = [_paths.join(real_path, name) for name in names]
        found = [registrations[node] for node in nodes
                 if node in registrations]
        if not found:
            raise NoNodeError(f'{nodes[0]} (not registered here)')
        for registration in found:
            registration.unregister()

    def leave(self, timeout: float | None = 0.0) -> bool:
        """Unregister all servers, and register no more, before `close`.

        The rest works on.  A `register` that another thread is at fails, and
        leaves no node.

        :param timeout: how long to wait, in seconds, for nodes that cannot
            be deleted now; None: until `close`
        :returns: whether they are gone; if not, they are deleted as soon as
            that is possible
        """
        return self._keeper.leave(timeout)

    # Trees

    def import_tree(
        self,
        text: str,
        path: str = '/',
        trim: bool | None = None,
        acl: Sequence[ACL] | None = None,
        dry_run: bool = False,
    ) -> None:
        """Make the nodes below `path` as `text` describes them.

        :param text: a tree; see docs/tree-format.rst
        :param path: the node below which they are made
        :param trim: whether to delete nodes the text does not have (True),
            to name them (None), or to leave them (False)
        :param acl: the access control list for all imported nodes; without it,
            new nodes are open to all and existing ones keep theirs
        :param dry_run: only print what would be done
        :raises TreeSyntaxError: when the text is not a tree
        :raises BadPropertyLink: when the value of a property link in it cannot
            be a link; its target is not looked up
        :raises ImportFailed: when it stopped half way
        :raises TreeChanged: when others kept changing the same nodes
        """
        path = self._path(path)
        tree = parse_tree(text)
        try:
            with self._chroot:
                importer.import_tree(
                    self._bulk, tree, path, trim,
                    None if acl is None else acl_list(acl), dry_run, print)
        finally:
            self._engine.settle()

    def export_tree(
        self,
        path: str = '/',
        ephemeral: bool = False,
        name: str | None = None,
    ) -> str:
        """Return the text that describes a node and all below it.

        :param ephemeral: whether to include ephemeral nodes
        :param name: for the top node, instead of its own
        :raises NoNodeError: when there is no such node
        :raises DataError: when the data of a node are not UTF-8 (`print_tree`
            shows a comment instead)
        :raises ValueNotStorable: when text cannot express a node's data
        """
        with self._chroot:
            return ''.join(
                line + '\n' for line in importer.export_lines(
                    self._bulk, self._path(path), ephemeral, name))

    def print_tree(self, path: str = '/') -> None:
        """Print a node and all below it, with ephemeral nodes.

        A node whose data are not text is shown as a comment, and so are all
        nodes below it.
        """
        with self._chroot:
            for line in importer.export_lines(
                    self._bulk, self._path(path), True, None,
                    lambda path, reason: None):
                print(line)

    def delete_recursive(
        self,
        path: str,
        dry_run: bool = False,
        force: bool = False,
        ignore_if_ephemeral: bool = False,
    ) -> None:
        """Delete a node and all below it.

        Ephemeral nodes stay, and so do the nodes above them; each is named
        in a line that is printed.

        :param dry_run: only print what would be done
        :param force: whether to delete ephemeral nodes too; this ends
            registrations of this object
        :param ignore_if_ephemeral: whether to say nothing when the node at
            `path` itself is ephemeral
        :raises NoNodeError: when there is no such node
        """
        self._delete_recursive(
            self._path(path), dry_run, force, ignore_if_ephemeral, print)

    @overload
    def walk(
        self,
        path: str = '/',
        ephemeral: bool = True,
        children: Literal[False] = False,
    ) -> Iterator[str]: ...

    @overload
    def walk(
        self,
        path: str = '/',
        ephemeral: bool = True,
        *,
        children: Literal[True],
    ) -> Iterator[tuple[str, list[str]]]: ...

    def walk(
        self,
        path: str = '/',
        ephemeral: bool = True,
        children: bool = False,
    ) -> Iterator[Any]:
        """Iterate over a node and all below it, each before its children.

        Changes that you make with this object meanwhile are shown, below the
        current node.  Changes by others may not be shown, since some thousand
        nodes are read ahead.

        :param ephemeral: whether to include ephemeral nodes
        :param children: whether to give pairs of a path and the list of its
            children's names; a name that you delete from the list is left out
        """
        return importer.walk(
            self._bulk, self._path(path), ephemeral, children)

    def ln(self, target: str, source: str) -> None:
        """Make a symbolic link.

        :param target: the path that the link leads to; after a ``/`` at
            its end, the link's name is added
        :param source: the path of the link; after a ``/`` at its end, the
            target's name is added
        :raises NoNodeError: when the node that would hold the link is missing
        """
        if source.endswith('/'):
            name = target.rpartition('/')[2]
            if name in ('', '.', '..'):
                raise PathError(target, 'it has no name for the link')
            source += name
        base, name = _paths.split(self._path(source))
        if target.endswith('/'):
            target += name
        if not name:
            raise PathError(source, 'the root cannot be a link')
        if not target.strip():
            raise PathError(target, 'a link needs a target path')
        if target.split() != [target]:
            # The tree format has no way to write it.
            raise PathError(target, "a link's path must not hold blanks")
        self._change(base, {name + LINK: target})

    # Nodes

    def delete(
        self, path: str, version: int = -1, recursive: bool = False
    ) -> Any:
        """Delete a node; see kazoo's ``delete``.

        If it is the node of a registered server, the registration ends.

        :param version: that the data must be at, -1 for any
        :param recursive: whether to delete all below it first, also
            ephemeral nodes; then a missing node is no error
        :returns: what kazoo's method returns
        :raises NoNodeError: when there is no such node
        :raises NotEmptyError: when it has children, or was given one while
            all below it was deleted
        """
        path = self._path(path)
        if recursive:
            try:
                gone = self._delete_recursive(path, False, True, False, _mute)
            except NoNodeError:
                return True
            if not gone:
                raise NotEmptyError(path)
            return None
        registration = self.registrations.get(path)
        if registration is None or version != -1:
            result = super().delete(path, version)
            if registration is not None:
                registration.unregister()
            return result
        waits = registration.state == State.WAITING
        registration.unregister()
        # Another session's node was never ours to take back.
        return super().delete(path) if waits else True

    def _delete_recursive(
        self,
        path: str,
        dry_run: bool,
        force: bool,
        ignore_if_ephemeral: bool,
        out: Callable[[str], None],
    ) -> bool:
        """Delete a node and all below it; tell whether it is gone."""
        if force and not dry_run:
            for node, registration in self.registrations.items():
                if path != '/' and _paths.is_under(node, path):
                    registration.unregister()
        try:
            with self._chroot:
                return importer.delete_recursive(
                    self._bulk, path, dry_run, force, ignore_if_ephemeral,
                    out)
        finally:
            self._engine.settle()

    # The connection

    def close(self) -> None:
        """End the session, and with it the registrations of servers.

        You can call it in any thread and more than once.
        """
        with self._lock:
            if os.getpid() != self._pid:
                return
            closed, self._closed = self._closed, True
        if closed:
            self._engine.calls.close()  # another thread may be just at it
            return
        if not self._connection.unfollow():
            self._keeper.leave()
        self._keeper.close()
        self._engine.close()

    def __enter__(self) -> ZooKeeper:
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def state(self) -> str:
        """The connection's state: CONNECTED, SUSPENDED or LOST."""
        self._bulk.check_process()
        state: str = self.client.state
        return state

    def recv_timeout(self) -> float:
        """Return the session timeout that ZooKeeper granted, in seconds.

        For a kazoo client that was passed in, return the timeout that it asked
        for.
        """
        return self._connection.granted()

    def statistics(self) -> Statistics:
        """Return figures about this object at this moment.

        They cost nothing to speak of, and ZooKeeper is not asked.
        """
        self._bulk.check_process()
        with self._lock:
            providers = list(self._providers)
        states = collections.Counter(
            each.state for each in self.registrations.values())
        return Statistics(
            threads=tuple([each.name for each in self._threads()]),
            watches=self._engine.watch_count(),
            registrations={
                each.value: states[each.value] for each in State
                if each != State.CLOSED},
            reconnections=self._connection.reconnections,
            session_timeout=self._connection.granted(),
            requests_in_flight=self._connection.requests_in_flight(),
            providers=tuple([
                each for each in providers if not each.closed]))

    def settle(self, timeout: float = SETTLE_SECONDS) -> bool:
        """Wait until all that happened in ZooKeeper by now has its effects.

        Then live objects show it, their callbacks have run, and
        registrations were looked at.  It does not wait in a callback, nor
        in a watch function of kazoo's.

        :param timeout: the longest to wait, in seconds
        :returns: whether it was so in time
        """
        self._bulk.check_process()
        if (threading.current_thread() in self._threads()
                or self._bulk.on_kazoos_thread()):
            return False
        deadline = time.monotonic() + timeout
        return self._connection.settle(deadline) and all(
            Moments().wait(when_settled, deadline - time.monotonic())
            for when_settled in (
                self._engine.when_settled,
                self._engine.calls.when_settled,
                self._keeper.when_settled))

    def _threads(self) -> list[threading.Thread]:
        reviver = self._connection.reviver
        return [each for each in (
            self._engine.thread, self._engine.calls.thread,
            self._keeper.thread, reviver.thread if reviver else None)
            if each is not None and each.is_alive()]

    def __repr__(self) -> str:
        hosts = self._connection.name
        counts = [(len(self._keeper.registrations), 'registered'),
                  (self._engine.watch_count(), 'watched')]
        held = ''.join([f', {count} {what}' for count, what in counts
                        if count])
        return (f'<zc.zk.ZooKeeper {hosts}{self.client.chroot} '
                f'{self.client.state}{held}>')

    # Helpers

    def _wrote(self, path: str, data: bytes, stat: ZnodeStat) -> None:
        self._keeper.wrote(path, data, stat.mzxid)
        self._engine.learn(path, data, stat)

    def _changed(self, path: str, above: bool = False) -> None:
        self._engine.settle(None if above else keys_of(path))

    def _track(self, objects: list[L]) -> list[L]:
        self._engine.track([each._tracker for each in objects])
        with self._chroot:
            for each in objects:
                each._check()
        return objects


def _mute(line: str) -> None:
    """Print nothing."""


ZK = ZooKeeper

__all__ = [
    'OPEN_ACL_UNSAFE',
    'READ_ACL_UNSAFE',
    'RegisteringServer',
    'ZK',
    'ZooKeeper',
]
