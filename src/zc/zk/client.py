"""The ZooKeeper object: everything of this package on one connection.

It is a face: each method is that of one of its parts, which stand beneath.
Any thread may use it.  It belongs to the process that made it.
"""
from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from typing import Concatenate
from typing import Literal
from typing import ParamSpec
from typing import TypeVar
from typing import overload

from kazoo.client import KazooClient
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE

from ._discovery.discovery import Discovery
from ._parts import Parts
from ._registration.registrar import Registrar
from ._registration.registration import Registration
from ._registration.removal import Removal
from ._session.connection import Connection
from ._session.defaults import CONNECT_TIMEOUT
from ._session.nodes import Nodes
from ._session.requests import JUTE_MAXBUFFER
from ._statistics import Statistics
from ._transfer.trees import Trees
from .event import RegisteringServer


#: The longest for `settle` to wait, in seconds: a callback may block.
SETTLE_SECONDS = 5.0

P = ParamSpec('P')
R = TypeVar('R')


def _by(
    part: str, method: Callable[Concatenate[Any, P], R]
) -> Callable[Concatenate[ZooKeeper, P], R]:
    """Return a method that is the one of a part, with its document.

    :param part: the attribute that has the part
    """
    @functools.wraps(method)
    def call(self: ZooKeeper, /, *args: P.args, **keywords: P.kwargs) -> R:
        return method(getattr(self, part), *args, **keywords)

    call.__module__ = __name__
    call.__qualname__ = f'ZooKeeper.{method.__name__}'
    return call


class ZooKeeper:
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
        `providers` gives what was saved, or nobody, and `register` puts
        off what it does
    :param jute_maxbuffer: the largest request that the servers accept, in
        bytes; give it if they do not use the default
    :param persistent_watches: whether to follow services by persistent
        watches, which ZooKeeper has since 3.6; a kazoo client that is
        passed in, and older servers, have none
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
        connect_timeout: float = CONNECT_TIMEOUT,
        jute_maxbuffer: int = JUTE_MAXBUFFER,
        persistent_watches: bool = True,
        **keywords: Any,
    ) -> None:
        self._pid = os.getpid()
        self._closing = threading.Lock()
        self._closed = False
        connection = Connection(
            connection_string, session_timeout, wait, connect_timeout,
            jute_maxbuffer, keywords, self._given_up)
        self.client: KazooClient = connection.client
        #: In seconds, as it was asked for
        self.session_timeout: float = connection.session_timeout
        bulk, chroot = connection.bulk, connection.chroot
        self._bulk = bulk
        self._connection = connection
        parts = self._parts = Parts(connection, persistent_watches)
        self._engine, self._keeper = parts.engine, parts.keeper
        nodes = self._nodes = Nodes(bulk, chroot, parts)
        self._trees = Trees(bulk, chroot, nodes, parts.changed_much)
        self._discovery = Discovery(connection, nodes, parts.engine)
        self._registrar = Registrar(
            nodes, parts.keeper, connection.patient)
        self._removal = Removal(nodes, self._trees, self._registrar)
        connection.follow(
            self._session_changed, parts.keeper.connection_ended)
        connection.before_exit(parts.keeper.part)

    def _session_changed(self, state: str) -> None:
        """Take note of the connection's state: a kazoo listener."""
        self._parts.session_changed(state)

    def _given_up(self) -> bool:
        """Tell, while it connects, whether nobody waits for that any more.
        """
        return False

    # Discovery and configuration

    children = _by('_discovery', Discovery.children)
    properties = _by('_discovery', Discovery.properties)
    all_children = _by('_discovery', Discovery.all_children)
    all_properties = _by('_discovery', Discovery.all_properties)
    providers = _by('_discovery', Discovery.providers)

    # Registration

    register = _by('_registrar', Registrar.register)
    register_server = register      # as zc.zk 0.9 called it
    register_with = _by('_registrar', Registrar.register_with)
    unregister = _by('_registrar', Registrar.unregister)
    leave = _by('_registrar', Registrar.leave)

    @property
    def registrations(self) -> Mapping[str, Registration]:
        """The registrations of this object, by the paths of their nodes."""
        self._bulk.check_process()
        return self._registrar.registrations

    # Trees

    import_tree = _by('_trees', Trees.import_tree)
    plan = _by('_trees', Trees.plan)
    load_plan = _by('_trees', Trees.load_plan)
    export_tree = _by('_trees', Trees.export_tree)
    print_tree = _by('_trees', Trees.print_tree)
    delete_recursive = _by('_removal', Removal.delete_recursive)

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
        return self._trees.walk(path, ephemeral, children)

    # Nodes

    ln = _by('_nodes', Nodes.ln)
    resolve = _by('_nodes', Nodes.resolve)
    exists = _by('_nodes', Nodes.exists)
    is_ephemeral = _by('_nodes', Nodes.is_ephemeral)
    get = _by('_nodes', Nodes.get)
    get_children = _by('_nodes', Nodes.get_children)
    get_properties = _by('_nodes', Nodes.get_properties)
    create = _by('_nodes', Nodes.create)
    create_recursive = _by('_nodes', Nodes.create_recursive)
    set = _by('_nodes', Nodes.set)
    delete = _by('_removal', Removal.delete)

    # The connection

    def close(self) -> None:
        """End the session, and with it the registrations of servers.

        You can call it in any thread and more than once.
        """
        with self._closing:
            if os.getpid() != self._pid:
                return
            closed, self._closed = self._closed, True
        if closed:
            # Another thread may be just at it.
            self._parts.engine.calls.close()
        else:
            self._parts.close()

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
        return self._parts.statistics(self._discovery.followed())

    def settle(self, timeout: float = SETTLE_SECONDS) -> bool:
        """Wait until all that happened in ZooKeeper by now has its effects.

        Then live objects show it, their callbacks have run, and
        registrations were looked at.  It does not wait in a callback, nor
        in a watch function of kazoo's.

        :param timeout: the longest to wait, in seconds
        :returns: whether it was so in time
        """
        self._bulk.check_process()
        return self._parts.settle(timeout)

    def __repr__(self) -> str:
        return f'<zc.zk.ZooKeeper {self._parts}>'


ZK = ZooKeeper

__all__ = [
    'OPEN_ACL_UNSAFE',
    'READ_ACL_UNSAFE',
    'RegisteringServer',
    'ZK',
    'ZooKeeper',
]
