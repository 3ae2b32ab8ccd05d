"""What is wrong with a node by itself: its data, the list of its children.

Pure.  Data were written by others.
"""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from ..._tree.values import STRING_VALUE
from ..._tree.values import decode
from ...errors import DataError
from .finding import Findings


#: Why text holds no properties.
NO_OBJECT = 'its data are no JSON object'
#: From which part of jute.maxbuffer on a reply is said to be large.
NEAR = 0.8
#: What goes around a list and each of its names in a reply, in bytes.
_AROUND, _EACH = 24, 4


def read(
    path: str, data: bytes
) -> tuple[Mapping[str, Any] | None, str]:
    """Return the properties in data, and why there are none."""
    try:
        properties = decode(data, path)
    except DataError as e:
        return None, e.reason
    # An object with this one name cannot hold the whole of its own text.
    if properties.keys() == {STRING_VALUE} and (
            properties[STRING_VALUE] == data.decode('utf-8')):
        return None, NO_OBJECT
    return properties, ''


def judge(
    findings: Findings,
    path: str,
    data: bytes,
    fault: str,
    names: Sequence[str],
    maxbuffer: int,
) -> None:
    """Judge a node that is no server's.

    :param fault: why its data hold no properties; empty: they do
    :param names: of its children
    :param maxbuffer: the largest reply, in bytes
    """
    if fault and _begins_like_json(data):
        findings.warning(
            'bad-json', path,
            'its data begin like a JSON object, and are none'
            if fault == NO_OBJECT else f'its data are bad: {fault}',
            'correct the data; links and properties in it count for nothing')
    size = _AROUND + sum([_EACH + len(name) for name in names])
    if size > NEAR * maxbuffer / 4:     # UTF-8 at its longest
        size = _AROUND + sum(
            [_EACH + len(name.encode('utf-8', 'replace')) for name in names])
        if size > NEAR * maxbuffer:
            findings.error(
                'many-children', path,
                f'the list of its {len(names)} children takes {size} bytes, '
                f'of {maxbuffer} that a reply may have (jute.maxbuffer)',
                'spread the nodes over several parents, or raise '
                'jute.maxbuffer on all servers and clients')
    if len(data) > NEAR * maxbuffer:
        findings.warning(
            'large-data', path,
            f'its data take {len(data)} bytes, of {maxbuffer} that a reply '
            'may have (jute.maxbuffer)',
            'keep large data elsewhere, and their address here')


def _begins_like_json(data: bytes) -> bool:
    """Tell whether a text was meant to be an object, and is no template."""
    text = data.lstrip()
    return text[:1] == b'{' and text[1:].lstrip()[:1] in (b'"', b"'")
