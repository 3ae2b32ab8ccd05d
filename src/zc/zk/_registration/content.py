"""The data of a registration's node, and what of them is not written yet.

Runs in the thread that updates the registration, writes the node or makes a
pass.  It must not know the node's owner, nor who writes.
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from .._tree.values import decode
from .._tree.values import encode
from ..errors import DataError
from ..errors import ValueNotStorable


logger = logging.getLogger(__name__)


class Content:
    """The data of one node.

    :param path: of the node
    :ivar data: as they are or will be written
    :ivar unwritten: whether they are newer than the node's
    """

    def __init__(self, path: str, data: bytes) -> None:
        self._path = path
        self.data = data
        # What others write is learned in threads that must not wait for a
        # pass of the keeper.
        self._lock = threading.Lock()
        self._mzxid = 0             # of the data, as far as it is known
        # At first too: a session may have such a node already, with others.
        self.unwritten = True
        # What is newer of them; None: all.
        self._changes: dict[str, Any] | None = None

    @property
    def properties(self) -> dict[str, Any]:
        """The data as properties."""
        return decode(self.data, self._path)

    def change(
        self, changes: Mapping[str, Any], check: Callable[[bytes], None]
    ) -> None:
        """Have some properties written; what others write is kept.

        :param check: raises an error for data that cannot be stored: then
            nothing changes
        """
        with self._lock:
            data = encode({**self.properties, **changes}, self._path)
            check(data)
            self.data = data
            if not self.unwritten:
                self._changes = dict(changes)
            elif self._changes is not None:
                self._changes = {**self._changes, **changes}
            self.unwritten = True

    def learn(self, data: bytes, mzxid: int) -> None:
        """Take in the node's data, unless newer ones are known."""
        with self._lock:
            if mzxid <= self._mzxid:
                return
            self._mzxid = mzxid
            if not self.unwritten:
                self.data = data
            elif self._changes is not None:
                try:
                    self.data = encode(
                        {**decode(data, self._path), **self._changes},
                        self._path)
                except (DataError, ValueNotStorable) as e:
                    logger.debug('data of %s replaced: %s', self._path, e)
