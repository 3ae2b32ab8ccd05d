"""What Apache Curator's service discovery keeps in a node, as JSON.

The format is that of its ``JsonInstanceSerializer`` (curator-x-discovery):
an object with the service's name, an id, which is the node's name too, the
address and ports, and a payload, which is the application's affair.

Pure.  What is read was written by others: whatever it holds, something
comes of it.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import NamedTuple


#: The name of the format, where one is to be given.
CURATOR = 'curator'
#: What Jackson adds to a payload to say of which Java class it is.
JAVA_CLASS = '@class'


class Instance(NamedTuple):
    """A server, as a node in Curator's format describes it.

    :ivar address: its host and port, or None
    :ivar properties: its payload; ``weight`` is 0 when it is not enabled
    """

    address: tuple[str, int] | None
    properties: Mapping[str, Any]


def read(data: Mapping[str, Any]) -> Instance:
    """Return what a node's JSON object says.

    A payload that is no object is the property ``payload``.  The TLS port is
    the property ``sslPort``, and the port where there is no other.
    """
    payload = data.get('payload')
    properties: dict[str, Any] = {}
    if isinstance(payload, dict):
        properties = {name: value for name, value in payload.items()
                      if name != JAVA_CLASS}
    elif payload is not None:
        properties['payload'] = payload
    ssl_port = _port(data.get('sslPort'))
    if ssl_port is not None:
        properties['sslPort'] = ssl_port
    if isinstance(data.get('id'), str):
        properties['id'] = data['id']
    if data.get('enabled') is False:
        properties['weight'] = 0
    if data.get('leaving') is True:     # the word of zc.zk's own servers
        properties['leaving'] = True
    host, port = data.get('address'), _port(data.get('port'))
    if port is None:
        port = ssl_port
    if not isinstance(host, str) or not host or port is None:
        return Instance(None, properties)
    return Instance((host, port), properties)


def write(
    service: str,
    id: str,
    address: tuple[str, int],
    properties: Mapping[str, Any],
    milliseconds: int,
) -> dict[str, Any]:
    """Return what a node holds in Curator's format.

    :param service: the name of the service
    :param id: the name of the node
    :param address: host and port
    :param properties: the payload, or with ``payload`` as the only name, its
        value; ``sslPort`` is not part of it
    :param milliseconds: the time of the registration, since 1970
    :raises ValueError: when Curator could not read the payload
    """
    payload: Any = {name: value for name, value in properties.items()
                    if name != 'sslPort'}
    if payload.keys() == {'payload'}:
        payload = payload['payload']
    if isinstance(payload, (list, tuple)):
        # Jackson takes the first item for the name of a class.
        raise ValueError('Curator cannot read a list as a payload: '
                         'put it into a property')
    return {
        'name': service,
        'id': id,
        'address': address[0],
        'port': address[1],
        'sslPort': properties.get('sslPort'),
        'payload': payload if payload != {} else None,
        'registrationTimeUTC': milliseconds,
        'serviceType': 'DYNAMIC',
        'uriSpec': None,
        'enabled': True,
    }


def _port(value: Any) -> int | None:
    if (isinstance(value, int) and not isinstance(value, bool)
            and 0 < value <= 65535):
        return value
    return None
