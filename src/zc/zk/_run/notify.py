"""The protocol of sd_notify(3): a server tells that it is ready.

`Receiver` is read in the main thread.  Knows no process.
"""
from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


#: The longest message that is read, in bytes.
LONGEST = 4096


class Receiver:
    """A socket to which one process sends.

    :param path: where it is made; its directory decides who can send
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor, to be waited for."""
        return self._socket.fileno()

    def received(self) -> list[str]:
        """Return the lines, such as ``READY=1``, that came since."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                message = self._socket.recv(LONGEST)
                found += message.decode('utf-8', 'replace').splitlines()
        return found

    def close(self) -> None:
        """Receive no more."""
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def tell(text: str, environ: Mapping[str, str]) -> None:
    """Send `text` to who started us, if that is wanted.

    :param environ: the environment, where ``NOTIFY_SOCKET`` says where to
    """
    path = environ.get('NOTIFY_SOCKET', '')
    if not path.startswith(('/', '@')):
        return
    if path[0] == '@':
        path = '\0' + path[1:]      # abstract, as Linux has them
    # Nothing depends on whether somebody listens.
    with contextlib.suppress(OSError), socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.sendto(text.encode(), path)
