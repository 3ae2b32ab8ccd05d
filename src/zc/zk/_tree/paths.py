"""Paths of nodes: checking, making normal, joining, splitting.

Pure.  Paths are compared by their parts, never as string prefixes: ``/a``
is not above ``/ab``.
"""
from __future__ import annotations

import re
from typing import TypeVar

from ..errors import PathError


E = TypeVar('E', bound=Exception)


# What ZooKeeper refuses in a path (PathUtils.validatePath in its Java
# client, for UTF-16 units): control characters, surrogates and so whatever
# is written with them, and a few at the plane's end.
_UNPRINTABLE = re.compile(
    '[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\U0010ffff]')


def check(path: str) -> str:
    """Return `path` when it is the absolute, normal path of a node.

    :raises PathError: when it is relative, empty, ends in ``/``, has an
        empty, ``.`` or ``..`` part, or a character ZooKeeper refuses
    """
    if not isinstance(path, str):
        raise PathError(path, f'a str is needed, not {type(path).__name__}')
    if not path:
        raise PathError(path, 'it is empty')
    if path[0] != '/':
        raise PathError(path, "it must start with '/'")
    if path == '/':
        return path
    if path[-1] == '/':
        raise PathError(path, "it must not end with '/'")
    bad = _UNPRINTABLE.search(path)
    if bad:
        raise PathError(path, f'character {bad.group()!r} is not allowed')
    # Nearly all paths stop here: they have none of the two substrings.
    if '//' in path or '/.' in path:
        for part in path[1:].split('/'):
            if part == '':
                raise PathError(path, "'//' is not allowed")
            if part in ('.', '..'):
                raise PathError(path, f'{part!r} is not allowed in a path')
    return path


def normal(path: str) -> str:
    """Return the path of a node that a user's path means.

    Double slashes, slashes at the end, ``.`` and ``..`` are resolved as
    text, without a look at what is there.

    :raises PathError: when it is relative or empty, leads above the root,
        or has a character ZooKeeper refuses
    """
    if isinstance(path, str) and path[:1] == '/' and (
            path[-1] == '/' or '//' in path or '/.' in path):
        path = _resolved(path, path, 'it leads above the root')
    return check(path)


def _resolved(absolute: str, given: str, above: str) -> str:
    """Return a path without empty, ``.`` and ``..`` parts.

    :param given: for the error: what the user gave
    :param above: for the error: why it is bad, when it leads above the root
    """
    found: list[str] = []
    for part in absolute.split('/'):
        if part == '..':
            if not found:
                raise PathError(given, above)
            found.pop()
        elif part not in ('', '.'):
            found.append(part)
    return '/' + '/'.join(found)


def check_name(name: str) -> str:
    """Return `name` when it can be the name of a node.

    :raises PathError: when it cannot
    """
    if '/' in name:
        raise PathError(name, "a node name must not hold '/'")
    check('/' + name if name else name)
    return name


def join(base: str, name: str) -> str:
    """Return the path of the child `name` of `base`."""
    return f'/{name}' if base == '/' else f'{base}/{name}'


def split(path: str) -> tuple[str, str]:
    """Return the parent's path and the name; the root gives ``('/', '')``."""
    base, _, name = path.rpartition('/')
    return base or '/', name


def parts(path: str) -> list[str]:
    """Return the names along `path`; the root gives none."""
    return path[1:].split('/') if path != '/' else []


def is_under(path: str, ancestor: str) -> bool:
    """Tell whether `path` is `ancestor` or below it."""
    return (path == ancestor or ancestor == '/'
            or path.startswith(ancestor + '/'))


def follow(base: str, target: str) -> str:
    """Return the absolute path that `target` means at the node `base`.

    A target without a leading ``/`` is relative to the node that has the
    link; ``.`` and ``..`` have their usual meanings.

    :raises PathError: when the target is empty or leads above the root
    """
    if not isinstance(target, str) or not target.strip():
        raise PathError(target, 'a link needs a target path')
    absolute = target if target[0] == '/' else join(base, target)
    return check(_resolved(
        absolute, target, f'it leads above the root from {base}'))


def named(error: E, path: str) -> E:
    """Return an error of the same kind, to be raised, that names a path.

    Errors of ZooKeeper's replies do not say which node they are about.
    """
    found = type(error)(path)
    found.__cause__ = error
    return found
