"""What there is where an import or a deletion is to do something.

Runs in its caller's thread.  It must not know what follows from it.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat

from .._session.requests import Bulk
from .._session.wire import CHILDREN
from .._session.wire import DATA
from .._tree import paths as _paths
from .._tree.plan import Present
from .._tree.plan import Wanted
from .._tree.plan import is_text
from .reader import BOTH_NODES


def answered(path: str, answer: Any) -> Any:
    """Return an answer, None for no node; raise another error it is."""
    if isinstance(answer, KazooException):
        if isinstance(answer, NoNodeError):
            return None
        raise _paths.named(answer, path)
    return answer


def read_branches(
    bulk: Bulk, paths: Iterable[str], no_text: set[str] | None = None
) -> dict[str, tuple[ZnodeStat, list[str]]]:
    """Return stat and children's names of nodes and of all below them.

    :param no_text: gets the paths of nodes that text cannot describe
    """
    branches: dict[str, tuple[ZnodeStat, list[str]]] = {}
    level = list(paths)
    while level:
        wanted = [(DATA, path) for path in level]
        if len(level) <= BOTH_NODES:
            # Few enough to ask all for children in the same request
            wanted += [(CHILDREN, path) for path in level]
        answers = bulk.read(wanted)
        children = answers[len(level):]
        nodes: list[tuple[str, ZnodeStat]] = []
        for index, path in enumerate(level):
            answer = answers[index]
            if type(answer) is not tuple:
                if answered(path, answer) is None and children:
                    children[index] = None
                continue
            if no_text is not None and not is_text(answer[0], path):
                no_text.add(path)
            if children or answer[1].numChildren:
                nodes.append((path, answer[1]))
            else:
                branches[path] = (answer[1], [])
        if children:
            children = [each for each in children if each is not None]
        else:
            children = bulk.children([path for path, _ in nodes])
        level = []
        for (path, stat), answer in zip(nodes, children, strict=True):
            names = answered(path, answer)
            if names is not None:
                branches[path] = (stat, names)
                level += [f'{path}/{name}' for name in names]
    return branches


def read_wanted(
    bulk: Bulk, wanted: Sequence[Wanted], path: str
) -> list[Present | None]:
    """Return what there is in the place of each wanted node.

    Level by level, so that nothing is asked for below a missing node.
    """
    found: list[Present | None] = [None] * len(wanted)
    levels: list[list[int]] = []
    depths: list[int] = []
    for index, want in enumerate(wanted):
        depth = depths[want.parent] + 1 if want.parent >= 0 else 0
        depths.append(depth)
        if depth == len(levels):
            levels.append([])
        levels[depth].append(index)
    if answered(path, bulk.data([path])[0]) is None:
        raise NoNodeError(path)
    for depth, level in enumerate(levels):
        if depth:
            level = [index for index in level
                     if found[wanted[index].parent] is not None]
        answers = bulk.read_async(
            [(DATA, wanted[index].path) for index in level])
        for index, answer in zip(level, answers, strict=True):
            want = wanted[index]
            want.make_data()        # while the server reads the next
            if type(answer) is tuple:
                found[index] = answer
            else:
                answered(want.path, answer)
    return found


def read_extras(
    bulk: Bulk,
    wanted: Sequence[Wanted],
    found: Sequence[Present | None],
    trim: bool | None,
) -> dict[int, list[str]]:
    """Return the paths of children that wanted nodes have but should not.

    Only where the number of children says that there are any.  If nothing
    is deleted, live servers (ephemeral nodes) are left out.
    """
    if trim is False:
        return {}
    known = [0] * len(wanted)
    for have, want in zip(found, wanted, strict=True):
        if have is not None and want.parent >= 0:
            known[want.parent] += 1
    ask = [index for index, have in enumerate(found)
           if have is not None and have[1].numChildren > known[index]]
    extras = {}
    answers = bulk.children([wanted[index].path for index in ask])
    for index, answer in zip(ask, answers, strict=True):
        path = wanted[index].path
        names = answered(path, answer) or []
        extras[index] = [
            _paths.join(path, name) for name in sorted(names)
            if name not in wanted[index].node.children]
    if trim is None:
        everything = [path for paths in extras.values() for path in paths]
        live = {
            path for path, answer in zip(
                everything, bulk.data(everything), strict=True)
            if type(answer) is tuple and answer[1].ephemeralOwner}
        extras = {index: [path for path in paths if path not in live]
                  for index, paths in extras.items()}
    return extras
