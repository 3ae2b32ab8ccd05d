"""Service registration, discovery and configuration with ZooKeeper.

``ZooKeeper(connection_string)`` connects.  Any thread may use it.  Its methods
and attributes::

    children, properties                 names and data that stay up to date
    all_children, all_properties         the same for many paths at once
    providers                            a service's servers, to choose from
    register, unregister, registrations  servers, for as long as they run
    register_with, leave                 the same for runners of servers
    import_tree, export_tree             trees, as text
    print_tree, walk, delete_recursive   trees, in ZooKeeper
    plan, load_plan                      imports, to be applied later
    ln, resolve                          symbolic links
    create, create_recursive, delete     single nodes, as kazoo has them
    get, set, exists, get_children
    get_properties, is_ephemeral
    client, state, session_timeout       the connection
    recv_timeout, close
    statistics, settle                   what it does at the moment

Other names::

    Children, Properties        what ``children`` and ``properties`` return
    Providers                   what ``providers`` returns; it gives
                                ``Provider`` and ``Lease`` objects, which
                                have a ``ProviderState``
    Registration                what ``registrations`` holds
    Plan                        what ``plan`` returns
    Statistics                  what ``statistics`` returns
    RegisteringServer, event    the event that announces a registration
    parse_tree, ParseNode       a tree's text, and what it describes
    format_tree                 its text again
    parse_addr, format_addr     an address's parts, and its text again
    OPEN_ACL_UNSAFE, READ_ACL_UNSAFE
                                permissions
    ZK                          a short name for ZooKeeper

Errors: ``Error`` is the base of ``AddressError``, ``BadPropertyLink``,
``DataError``, ``FailedConnect``, ``ForkedError``, ``ImportFailed``,
``LinkLoop``, ``NoProviders``, ``NoService``, ``PathError``, ``PlanMoved``,
``PlanNotForHere``, ``PlanSyntaxError``, ``TooLarge``, ``TreeChanged``,
``TreeSyntaxError`` and ``ValueNotStorable``.  Raise ``CancelWatch`` in a
callback to end it.
"""
from typing import TYPE_CHECKING
from typing import Any

from . import event
from ._tree.addresses import format_addr
from ._tree.addresses import parse_addr
from ._tree.model import Node as ParseNode
from .errors import AddressError
from .errors import BadPropertyLink
from .errors import CancelWatch
from .errors import DataError
from .errors import Error
from .errors import FailedConnect
from .errors import ForkedError
from .errors import ImportFailed
from .errors import LinkLoop
from .errors import NoProviders
from .errors import NoService
from .errors import PathError
from .errors import PlanMoved
from .errors import PlanNotForHere
from .errors import PlanSyntaxError
from .errors import TooLarge
from .errors import TreeChanged
from .errors import TreeSyntaxError
from .errors import ValueNotStorable


__all__ = [
    'AddressError',
    'BadPropertyLink',
    'CancelWatch',
    'Children',
    'DataError',
    'Error',
    'FailedConnect',
    'ForkedError',
    'ImportFailed',
    'Lease',
    'LinkLoop',
    'NoProviders',
    'NoService',
    'OPEN_ACL_UNSAFE',
    'ParseNode',
    'PathError',
    'Plan',
    'PlanMoved',
    'PlanNotForHere',
    'PlanSyntaxError',
    'Properties',
    'Provider',
    'ProviderState',
    'Providers',
    'READ_ACL_UNSAFE',
    'RegisteringServer',
    'Registration',
    'Statistics',
    'TooLarge',
    'TreeChanged',
    'TreeSyntaxError',
    'ValueNotStorable',
    'ZK',
    'ZooKeeper',
    'event',
    'format_addr',
    'format_tree',
    'parse_addr',
    'parse_tree',
]


if TYPE_CHECKING:
    from ._discovery.provider import Lease
    from ._discovery.provider import Provider
    from ._discovery.provider import ProviderState
    from ._discovery.providers import Providers
    from ._live.children import Children
    from ._live.properties import Properties
    from ._registration.registration import Registration
    from ._statistics import Statistics
    from ._transfer.planned import Plan
    from ._tree.parser import parse_tree
    from ._tree.writer import format_tree
    from .client import OPEN_ACL_UNSAFE
    from .client import READ_ACL_UNSAFE
    from .client import ZK
    from .client import RegisteringServer
    from .client import ZooKeeper

# Imported when they are asked for, and kept: a command line that only helps
# needs no connection, and not every program chooses servers or has trees in
# text.  These, and kazoo, take longer to import than all else here.
_LATER = {
    'Children': '._live.children',
    'Lease': '._discovery.provider',
    'OPEN_ACL_UNSAFE': '.client',
    'Plan': '._transfer.planned',
    'Properties': '._live.properties',
    'Provider': '._discovery.provider',
    'ProviderState': '._discovery.provider',
    'Providers': '._discovery.providers',
    'READ_ACL_UNSAFE': '.client',
    'RegisteringServer': '.client',
    'Registration': '._registration.registration',
    'Statistics': '._statistics',
    'ZK': '.client',
    'ZooKeeper': '.client',
    'format_tree': '._tree.writer',
    'parse_tree': '._tree.parser',
}
# Modules that are there without an import of their own, as in zc.zk 2.1
_MODULES = frozenset(['client'])


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_MODULES})


def __getattr__(name: str) -> Any:
    if name in _LATER or name in _MODULES:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f'.{name}', __name__)
        found = globals()[name] = getattr(
            import_module(_LATER[name], __name__), name)
        return found
    # Finding it takes longer than the rest.
    if name == '__version__':
        from importlib.metadata import version

        return version('zc.zk')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
