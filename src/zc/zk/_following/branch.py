"""Reads a branch of the live tree: all of it, or what may have changed.

Runs in its caller's thread.  It must not know who is told, nor how it is
learned that anything changed.
"""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from .._session.requests import Bulk
from .._transfer.reader import RESERVED
from .._transfer.reader import Reader
from .._tree import paths
from .happenings import NodeState
from .happenings import state_of


class Moved(Exception):
    """What was read does not fit what is known: all must be read."""


class LiveBranch:
    """A node and all below it, as far as this session may read them.

    :param path: a real path; there may be no node
    """

    def __init__(self, bulk: Bulk, path: str) -> None:
        self._bulk = bulk
        self.path = path
        self._whole = path == '/' and not bulk.client.chroot

    def has(self, path: str) -> bool:
        """Tell whether a node belongs to the branch."""
        return paths.is_under(path, self.path) and not (
            self._whole and paths.is_under(path, f'/{RESERVED}'))

    def read_all(
        self, known: Mapping[str, NodeState]
    ) -> tuple[dict[str, NodeState], list[str]]:
        """Return all nodes, and the paths of those that may not be read.

        :param known: what was known; the same objects are given for what
            is as it was
        """
        reader = Reader(self._bulk, self.path, fresh=False, data=True,
                        reserved=not self._whole)
        unreadable = reader.unreadable = []
        found: dict[str, NodeState] = {}
        for path, data, stat, _ in reader:
            old = known.get(path)
            found[path] = old if old is not None and (
                old.mzxid == stat.mzxid and old.czxid == stat.czxid
            ) else state_of(data, stat)
        return found, list(unreadable)

    def read(
        self, wanted: Collection[str], known: Mapping[str, NodeState]
    ) -> tuple[dict[str, NodeState | None], list[str]]:
        """Return some nodes, None for those that are not there, and the
        paths of those that may not be read.

        Servers with CVE-2024-23944 tell of names that this session may not
        list.  Reading the node above needs the same permission.

        :raises Moved: when there are more nodes than were known and asked
            for
        """
        asked = dict.fromkeys(wanted)
        for path in wanted:
            if path not in known and path != self.path:
                asked[paths.split(path)[0]] = None
        answers: dict[str, Any] = dict(zip(
            asked, self._bulk.data(list(asked)), strict=True))
        found: dict[str, NodeState | None] = {}
        unreadable: list[str] = []
        for path in wanted:
            answer = answers[path]
            above = paths.split(path)[0]
            if isinstance(answer, NoAuthError):
                unreadable.append(path)
            elif isinstance(answer, NoNodeError):
                found[path] = None
            elif isinstance(answer, Exception):
                raise answer
            elif path in known or path == self.path:
                found[path] = state_of(*answer)
            elif isinstance(answers[above], tuple):
                if above not in known and above not in wanted:
                    # It may be read only now, so more may be below it.
                    raise Moved(above)
                found[path] = state_of(*answer)
        return found, unreadable
