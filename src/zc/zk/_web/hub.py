"""Gives what happens to all open streams, and drops those that lag behind.

`publish` may be called in any thread; all else runs in the event loop that
has the streams.  A stream's memory is bounded: one that does not take what
it is given is dropped, and its page catches up when it comes again.
"""
from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any


#: How many bytes may wait for one reader.  What is sent to several is kept
#: once, so this is what a single slow one can cost.
MOST_WAITING = 1_000_000
#: How many streams there may be.
MOST_STREAMS = 1_000


class Full(Exception):
    """There are as many streams as there may be."""


def encode(event: str, document: Any, id: int | None = None) -> bytes:
    """Return a message as it is sent: JSON has no line ends in it."""
    lines = [] if id is None else [f'id: {id}']
    lines += [f'event: {event}',
              'data: ' + json.dumps(document, separators=(',', ':'))]
    return ('\n'.join(lines) + '\n\n').encode('ascii')


class Stream:
    """What waits for one reader."""

    def __init__(self) -> None:
        self._after = 0
        # With the number of the newest event in each, or None
        self._waiting: deque[tuple[int | None, bytes]] = deque()
        self._size = 0
        self._some = asyncio.Event()
        #: Set when the reader is to be dropped
        self.dropped = asyncio.Event()

    def put(self, message: bytes, id: int | None = None) -> None:
        """Have a message sent, unless the reader knows it.

        :param id: the number of the newest event in it
        """
        if self.dropped.is_set() or (id is not None and id <= self._after):
            return
        self._waiting.append((id, message))
        self._size += len(message)
        if self._size > MOST_WAITING:
            self.drop()
        self._some.set()

    def knows(self, id: int) -> None:
        """Take note that the reader knows all up to an event."""
        self._after = id
        self._waiting = deque(
            each for each in self._waiting
            if each[0] is None or each[0] > id)
        self._size = sum(len(message) for _, message in self._waiting)

    def drop(self) -> None:
        """Forget what waits, and end."""
        self._waiting.clear()
        self._size = 0
        self.dropped.set()
        self._some.set()

    async def take(self, patience: float) -> bytes:
        """Wait for messages, and return all that wait.

        :param patience: how long to wait for the first, in seconds
        """
        # Not `wait_for`: it may swallow a cancellation.
        waking = asyncio.get_running_loop().call_later(
            patience, self._some.set)
        try:
            await self._some.wait()
        finally:
            waking.cancel()
        self._some.clear()
        found = b''.join([message for _, message in self._waiting])
        self._waiting.clear()
        self._size = 0
        return found


class Hub:
    """All open streams.

    :param status: returns the document of the message ``status``
    """

    def __init__(self) -> None:
        self.status: Any = dict
        self._lock = threading.Lock()
        self._loops: dict[asyncio.AbstractEventLoop, set[Stream]] = {}

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._loops.values()))

    def open(self) -> Stream:
        """Return a new stream, for the running event loop.

        :raises Full: when there are too many
        """
        stream = Stream()
        with self._lock:
            if sum(map(len, self._loops.values())) >= MOST_STREAMS:
                raise Full
            self._loops.setdefault(
                asyncio.get_running_loop(), set()).add(stream)
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        with self._lock:
            for loop, streams in list(self._loops.items()):
                streams.discard(stream)
                if not streams:
                    del self._loops[loop]

    def close_all(self) -> None:
        """End all streams, as the server does when it stops."""
        self._each(lambda stream: stream.drop())

    def publish(
        self, messages: Sequence[tuple[str, Any]], id: int | None = None
    ) -> None:
        """Have messages sent to all readers.

        :param messages: names and documents; None: the status
        :param id: the number of the newest event in them
        """
        with self._lock:
            if not self._loops:
                return
        told = b''.join([
            encode(name, self.status() if document is None else document,
                   id if name == 'changes' else None)
            for name, document in messages])
        self._each(lambda stream: stream.put(told, id))

    def _each(self, function: Any) -> None:
        def call(streams: set[Stream]) -> None:
            for stream in list(streams):
                function(stream)

        with self._lock:
            loops = list(self._loops.items())
        for loop, streams in loops:
            try:
                loop.call_soon_threadsafe(call, streams)
            except RuntimeError:
                pass        # the loop has ended
