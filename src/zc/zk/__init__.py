"""Service registration, discovery and configuration with ZooKeeper.

The public names; what is behind them is in the modules of this package.
"""
from . import event
from ._encoding import parse_addr
from ._live import Children
from ._model import Node as ParseNode
from ._properties import Properties
from ._registration import Registration
from ._treetext import parse_tree
from .client import OPEN_ACL_UNSAFE
from .client import READ_ACL_UNSAFE
from .client import ZK
from .client import RegisteringServer
from .client import ZooKeeper
from .errors import AddressError
from .errors import BadPropertyLink
from .errors import CancelWatch
from .errors import DataError
from .errors import Error
from .errors import FailedConnect
from .errors import ForkedError
from .errors import ImportFailed
from .errors import LinkLoop
from .errors import PathError
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
    'LinkLoop',
    'OPEN_ACL_UNSAFE',
    'ParseNode',
    'PathError',
    'Properties',
    'READ_ACL_UNSAFE',
    'RegisteringServer',
    'Registration',
    'TooLarge',
    'TreeChanged',
    'TreeSyntaxError',
    'ValueNotStorable',
    'ZK',
    'ZooKeeper',
    'event',
    'parse_addr',
    'parse_tree',
]
