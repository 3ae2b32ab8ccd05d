"""Registering servers by their addresses: what a ZooKeeper object offers.

Runs in its caller's thread.  An address stands for one node or, without a
host, for one of each address of this machine; the keeper keeps the nodes.
"""
from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.security import ACL
from kazoo.security import READ_ACL_UNSAFE

from .. import event
from .._curator import instance
from .._curator.instance import CURATOR
from .._session.nodes import Nodes
from .._session.nodes import acl_list
from .._tree import links
from .._tree import paths as _paths
from .._tree.addresses import format_name
from .._tree.addresses import parse_addr
from ..errors import AddressError
from ..event import RegisteringServer
from .hosts import ipv4_addresses
from .keeper import Keeper
from .registration import Registration


class Registrar:
    """Registers servers.

    :param nodes: knows paths and links
    :param keeper: keeps their nodes
    :param patient: whether servers may be registered before there is a
        connection
    """

    def __init__(
        self, nodes: Nodes, keeper: Keeper, patient: bool = False
    ) -> None:
        self._nodes = nodes
        self._keeper = keeper
        self._patient = patient

    def register(
        self,
        /,
        path: str,
        address: str | tuple[str, int] | None = None,
        acl: Sequence[ACL] = READ_ACL_UNSAFE,
        **data: Any,
    ) -> None:
        """Register a server, for as long as this object lives.

        If this object was made with ``connect_timeout=0``, and there is no
        connection, the call returns at once: the node is created later, and
        errors are those of the registration in `registrations`.

        :param path: the node below which it registers; may lead through links
        :param address: a (host, port) pair, ``'host:port'`` or any other
            name that a node may have; an empty host stands for all IPv4
            addresses of this machine.  zc.zk 2.1 called it `addr`, which
            can still be given by that name
        :param acl: the access control list of the node
        :param data: properties of the node; ``pid`` is added.  With
            ``format='curator'``, the node is written as Apache Curator does
            it: its name is an id, and `data` are the payload
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
        # Of any other value, it is a property, as it was in zc.zk 2.1.
        curator = data.get('format') == CURATOR
        if curator:
            del data['format']
        self.register_with(path, wanted, data, acl, curator=curator)

    def register_with(
        self,
        path: str,
        address: str | tuple[str, int],
        properties: Mapping[str, Any],
        acl: Sequence[ACL] = READ_ACL_UNSAFE,
        takeover: bool = False,
        curator: bool = False,
    ) -> list[Registration]:
        """Register a server as `register` does, as a runner of servers needs.

        :param properties: of the node, with any names; ``pid`` is added
        :param takeover: whether nodes of these names that are there already
            are replaced at once, whatever session they belong to.  Say so
            only if their server must be gone, for example because this
            process listens at the address now
        :param curator: whether to write the nodes as Apache Curator does,
            with `properties` as the payload, without ``pid``
        :returns: the registrations, one for each node
        """
        name = format_name(address)
        properties = dict(properties)
        if not curator:
            properties['pid'] = os.getpid()
        later = self._patient and not self._keeper.connected()
        real_path = (self._nodes.normal if later else
                     self._nodes.resolve)(path)
        acl = acl_list(acl)
        names = _node_names(name)
        server = RegisteringServer(name, real_path, properties)
        kept: list[Registration] = []
        try:
            event.notify(server)
            if curator:
                nodes = _instances(real_path, names, properties)
            else:
                nodes = {_paths.join(real_path, each): properties
                         for each in names}
                links.check_property_links(next(iter(nodes)), properties)
            if later:
                self._keeper.add_later(nodes, acl, self._nodes.resolve)
            else:
                self._keeper.add(nodes, acl, takeover)
            kept = [each for each in self.registrations.values()
                    if each.path in nodes]
        finally:
            server._settle(kept)
        return kept

    @property
    def registrations(self) -> dict[str, Registration]:
        """The registrations, by the paths of their nodes."""
        return dict(self._keeper.registrations)

    def unregister(self, path: str, address: str | tuple[str, int]) -> None:
        """Delete the node of a registered server and end the registration.

        :raises NoNodeError: when it was not registered here
        """
        names = _node_names(format_name(address))
        above = self._nodes.normal(path)
        nodes = [_paths.join(above, name) for name in names]
        registrations = self.registrations
        if registrations.keys().isdisjoint(nodes):
            above = self._nodes.resolve(path)
            nodes = [_paths.join(above, name) for name in names]
        found = [registrations[node] for node in nodes
                 if node in registrations]
        if not found:
            found = [registration for registration in registrations.values()
                     if _is_instance(registration, above, names)]
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


def _node_names(name: str) -> list[str]:
    """Return the names of the nodes for an address."""
    if name[0] == ':' != name[1:2]:     # not an IPv6 address
        hosts = ipv4_addresses()
        if not hosts:
            raise AddressError(name, 'this machine has no IPv4 address')
        return [host + name for host in hosts]
    return [name]


def _instances(
    path: str, names: Sequence[str], properties: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return Curator's data for each address, by the nodes' paths.

    :raises AddressError: when a name is no address
    """
    now = int(time.time() * 1000)
    ids = {str(uuid.uuid4()): name for name in names}
    return {
        _paths.join(path, id): instance.write(
            _paths.split(path)[1], id, parse_addr(name), properties, now)
        for id, name in ids.items()}


def _is_instance(
    registration: Registration, above: str, names: Sequence[str]
) -> bool:
    """Tell whether a node is Curator's for one of these addresses."""
    parent, id = _paths.split(registration.path)
    if parent != above or registration.properties.get('id') != id:
        return False
    address = instance.read(registration.properties).address
    return address is not None and format_name(address) in names
