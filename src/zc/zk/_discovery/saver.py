"""Saves a service's list now and then, in a thread that comes and goes."""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from . import snapshot
from .snapshot import SavedList
from .snapshot import Source


logger = logging.getLogger(__name__)

#: The shortest time between two times of saving, in seconds: a list that is
#: some seconds old is as good for a cold start.
INTERVAL = 10.0


class Saver:
    """Saves the list of one service.

    :param folder: where to
    :param source: where the list is from
    :param get: returns the data of the nodes, and the overrides as JSON
    """

    def __init__(
        self,
        folder: str,
        source: Source,
        get: Callable[[], SavedList],
    ) -> None:
        self._folder = folder
        self._source = source
        self._get = get
        self._lock = threading.Lock()       # held while a list is written
        self._last = float('-inf')
        self._timer: threading.Timer | None = None

    def load(self) -> SavedList:
        """Return the list that was saved last.

        :raises Unusable: when there is none that can be used
        """
        return snapshot.load(self._folder, self._source, time.time())

    def save_soon(self) -> None:
        """Have the list saved; from one thread at a time."""
        if self._timer is None:
            delay = max(0.0, self._last + INTERVAL - time.monotonic())
            self._timer = threading.Timer(delay, self._save)
            self._timer.daemon = True
            self._timer.name = 'zc.zk snapshot'
            self._timer.start()

    def close(self) -> None:
        """Save what is to be saved, and nothing later."""
        timer = self._timer
        if timer is not None:
            timer.cancel()
        # If a list is being written just now, this waits for it.
        self._save()

    def _save(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            self._timer = None
            self._last = time.monotonic()
            try:
                snapshot.save(
                    self._folder, self._source, self._get(), time.time())
            except OSError as e:
                logger.warning('the list of %s cannot be saved: %s',
                               self._source.path, e)
