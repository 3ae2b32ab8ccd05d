"""Bytes that wait to be sent.  Knows no socket and no thread."""
from __future__ import annotations

from collections import deque
from typing import Any

from zope.server.buffers import OverflowableBuffer


# A file is let go when all of it is sent: with one file, a client that is
# never quite finished would fill the disk.
_FILE_SIZE = 8 << 20


class Output:
    """Bytes that wait to be sent; large ones wait in files.

    zope.server's own buffer never lets go of what was sent, so that a
    connection that is kept alive grows for as long as it lives.

    :param overflow: the largest size to keep in memory, in bytes
    """

    def __init__(self, overflow: int) -> None:
        self._overflow = overflow
        self._memory = bytearray()
        self._files: deque[Any] = deque()   # behind what is in memory
        self._in_files = 0
        self._in_last = 0                   # written to the last one, ever

    def __len__(self) -> int:
        return len(self._memory) + self._in_files

    def append(self, data: bytes) -> None:
        """Add at the end."""
        if not self._files:
            if len(self._memory) + len(data) <= self._overflow:
                self._memory += data
                return
        if not self._files or self._in_last >= _FILE_SIZE:
            self._files.append(OverflowableBuffer(0))
            self._in_last = 0
        self._files[-1].append(data)
        self._in_last += len(data)
        self._in_files += len(data)

    def get(self, size: int) -> bytes | bytearray:
        """Return up to `size` bytes from the beginning."""
        if self._memory:
            return (self._memory[:size] if len(self._memory) > size
                    else self._memory)
        if not self._files:
            return b''
        found: bytes = self._files[0].get(size)
        return found

    def skip(self, size: int) -> None:
        """Drop `size` bytes from the beginning, all of them just got."""
        if self._memory:
            del self._memory[:size]
            return
        first = self._files[0]
        first.skip(size)
        self._in_files -= size
        if not len(first):
            first.close()
            self._files.popleft()

    def close(self) -> None:
        """Drop everything."""
        self._memory = bytearray()
        while self._files:
            self._files.popleft().close()
        self._in_files = 0
