"""The chroot of a connection string, which may not exist.

kazoo connects all the same, and programs may create it then.  Without it,
ZooKeeper says of every node only that there is none.  It runs in its
caller's thread, and must not know what is done below the chroot.
"""
from __future__ import annotations

import logging
import time
from types import TracebackType

from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError

from .requests import Bulk


logger = logging.getLogger(__name__)

#: How long to wait for an answer, in seconds: it only makes a text better.
LOOK_SECONDS = 2.0


class Chroot:
    """Tells of a chroot that does not exist.

    In a ``with`` statement, a ``NoNodeError`` gets to say so.

    :param bulk: the connection
    """

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self._path = bulk.client.chroot
        self._reason = f'(the chroot {self._path} does not exist)'
        self._seen = not self._path

    def warn(self) -> None:
        """Log a warning if it does not exist."""
        if self._missing():
            logger.warning(
                'the chroot %s does not exist in ZooKeeper: create it, or '
                'change the connection string', self._path)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        type_: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if (isinstance(error, NoNodeError)
                and not str(error).endswith(self._reason)
                and self._missing()):
            raise NoNodeError(f'{error} {self._reason}') from error

    def _missing(self) -> bool:
        if not self._seen:
            bulk = self._bulk.until(time.monotonic() + LOOK_SECONDS)
            try:
                self._seen = bulk.wait(
                    bulk.client.exists_async('/')) is not None
                return not self._seen
            except KazooException as e:
                logger.debug('looking for the chroot failed: %r', e)
        return False
