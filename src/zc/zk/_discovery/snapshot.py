"""A service's list on disk, for a start while ZooKeeper does not answer.

Runs in its caller's thread.  A list is written whole or not at all, and
never when it is empty: an old list is better than none.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple


#: How old a list may be, in seconds: by then another place runs the
#: service, or this one is looked after.
LONGEST = 24 * 3600.0

_FORMAT = 1
#: What has no place in the name of a file.
_OTHERS = re.compile('[^A-Za-z0-9]+')


class Source(NamedTuple):
    """Where a list is from.

    :ivar ensemble: HOST:PORT of the servers
    :ivar chroot: of the connection, or empty
    :ivar path: of the service's node
    """

    ensemble: str
    chroot: str
    path: str


class SavedList(NamedTuple):
    """A list as it was saved.

    :ivar nodes: the data of the nodes by their names
    :ivar overrides: the property of the service's node, or None
    """

    nodes: Mapping[str, bytes]
    overrides: Any = None


class Unusable(Exception):
    """A saved list cannot be used; the text says why."""


def file_name(source: Source) -> str:
    """Return the name of the file for a list.

    It can be read, and no two sources share one.
    """
    readable = _OTHERS.sub('-', source.path).strip('-')[:60]
    digest = hashlib.sha256(
        json.dumps(source).encode('ascii')).hexdigest()[:16]
    return f'{readable}-{digest}.json'


def save(folder: str, source: Source, saved: SavedList, now: float) -> None:
    """Write a list, unless it is empty.

    :param folder: where to; it is made if it is not there
    :param now: the time, in seconds since 1970
    :raises OSError: when it cannot be written; an older one stays
    """
    if not saved.nodes:
        return
    text = json.dumps({
        'format': _FORMAT,
        'source': source._asdict(),
        'saved': now,
        'overrides': saved.overrides,
        'nodes': {name: data.decode('utf-8', 'surrogateescape')
                  for name, data in saved.nodes.items()},
    })
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # Only this user can read or write what mkstemp makes.
    handle, temporary = tempfile.mkstemp('.tmp', '.', folder)
    try:
        with open(handle, 'w', encoding='ascii') as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, os.path.join(folder, file_name(source)))
    except BaseException:
        os.unlink(temporary)
        raise


def load(folder: str, source: Source, now: float) -> SavedList:
    """Return the list that was saved last.

    :raises Unusable: when there is none, or it is too old, damaged, or
        somebody else may have written it
    """
    path = os.path.join(folder, file_name(source))
    try:
        with open(path, encoding='ascii') as file:
            state = os.fstat(file.fileno())
            if (state.st_uid not in (0, os.geteuid())
                    or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
                raise Unusable(f'{path} may have been written by others')
            content = json.load(file)
        if (content['format'] != _FORMAT
                or content['source'] != source._asdict()):
            raise Unusable(f'{path} is for something else')
        age = now - content['saved']
        nodes = {name: data.encode('utf-8', 'surrogateescape')
                 for name, data in content['nodes'].items()}
    except OSError as e:
        raise Unusable(f'{path}: {e.strerror}') from e
    except (ValueError, TypeError, KeyError, AttributeError,
            RecursionError) as e:
        raise Unusable(f'{path} is damaged') from e
    if not 0 <= age <= LONGEST:
        raise Unusable(f'{path} is {age / 3600:.1f} hours old')
    if not nodes:
        raise Unusable(f'{path} is empty')
    return SavedList(nodes, content.get('overrides'))
