"""What tests of the doctor share."""
from __future__ import annotations

import socket
import unittest


def refusing(test: unittest.TestCase) -> tuple[str, int]:
    """Return an address that refuses connections while the test runs.

    The port is taken, so that no other process gets it.
    """
    sock = socket.socket()
    test.addCleanup(sock.close)
    sock.bind(('127.0.0.1', 0))
    host, port = sock.getsockname()
    return host, port
