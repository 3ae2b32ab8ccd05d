"""What a server wrote of itself, as far as it can be understood.

Pure.  The name and the data were written by others: whatever they hold, an
entry comes of it.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from typing import NamedTuple

from .._curator import instance
from .._registration.farewell import LEAVING
from .._tree.addresses import parse_addr
from .._tree.values import decode
from ..errors import AddressError
from ..errors import DataError
from .rules import OWN


#: The largest weight; 1 divided by it is the least above 0.
MAX_WEIGHT = 1e6

_NOTHING: Mapping[str, Any] = MappingProxyType({})

Address = tuple[str, int] | None
#: Returns the address and the properties, of a name and its JSON object.
Format = Callable[[str, Mapping[str, Any]], tuple[Address, Mapping[str, Any]]]


def _own(
    name: str, data: Mapping[str, Any]
) -> tuple[Address, Mapping[str, Any]]:
    return _address(name), data


def _curator(
    name: str, data: Mapping[str, Any]
) -> tuple[Address, Mapping[str, Any]]:
    return instance.read(data)


def _address(name: str) -> Address:
    try:
        return parse_addr(name)
    except AddressError:
        return None


#: What a server's node may be written in.
FORMATS: Mapping[str, Format] = {OWN: _own, instance.CURATOR: _curator}


class Entry(NamedTuple):
    """A child of a service's node.

    :ivar name: the node's name
    :ivar address: the host and the port that the name stands for, or None
    :ivar properties: what the node holds, with overrides
    :ivar error: why there are no properties, or None
    :ivar identity: what tells one process of this name from the next
    :ivar weight: how large a share of requests it wants; 0: none
    :ivar zone: where it is, or None
    """

    name: str
    address: tuple[str, int] | None
    properties: Mapping[str, Any]
    error: str | None
    identity: Any
    weight: float
    zone: str | None


def read(
    name: str,
    data: bytes,
    overrides: Mapping[str, Any] = _NOTHING,
    format: str = OWN,
) -> Entry:
    """Return what `name` and `data` say.

    :param name: the node's name
    :param data: the node's data
    :param overrides: properties that an operator put in the place of its
        own
    :param format: a name in `FORMATS`
    """
    error = None
    address = _address(name)
    properties: Mapping[str, Any] = _NOTHING
    try:
        decoded = decode(data, name)
    except DataError as e:
        error = str(e)
    else:
        if decoded.keys() == {'string_value'}:
            error = 'the data of the node are no JSON object'
        else:
            address, properties = FORMATS[format](name, decoded)
    if overrides:
        properties = {**properties, **overrides}
    identity = properties.get('id', properties.get('pid'))
    if not isinstance(identity, (str, int, float)):
        identity = None
    zone = properties.get('zone')
    return Entry(
        name, address, MappingProxyType(dict(properties)), error,
        identity, weight_of(properties),
        zone if isinstance(zone, str) else None)


def weight_of(properties: Mapping[str, Any]) -> float:
    """Return the weight that properties give: 1 where it makes no sense."""
    if properties.get(LEAVING):
        return 0.0
    weight = properties.get('weight', 1.0)
    if (isinstance(weight, bool) or not isinstance(weight, (int, float))
            or not 0 <= weight <= MAX_WEIGHT or math.isnan(weight)):
        return 1.0
    # What is nearly nothing is rounded up, so that sums stay exact.
    return max(float(weight), 1 / MAX_WEIGHT) if weight else 0.0
