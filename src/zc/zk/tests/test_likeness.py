"""The embedded server answers as a real one, in random sequences."""
from __future__ import annotations

import os
import unittest

from ..testing._server import Server
from .fuzz_likeness import compare
from .likeness import Likeness


#: The same sequences in each run: these found each of seven errors that
#: were put into the server on purpose.
SEED = 20
EXAMPLES = 200
REAL = os.environ.get('TEST_ZOOKEEPER_CONNECTION')


class LikenessTest(unittest.TestCase):

    def test_likeness(self):
        """Results, errors, metadata, events and their order are the same."""
        host, _, port = (REAL or '').partition(',')[0].rpartition(':')
        with Server() as server:
            Likeness.addresses = [server.address, (host, int(port))]
            compare(EXAMPLES, SEED)


def test_suite() -> unittest.TestSuite:
    """Return the test, where there is a real server to compare with."""
    suite = unittest.TestSuite()
    if REAL:
        suite.addTest(LikenessTest('test_likeness'))
    return suite


def load_tests(*_: object) -> unittest.TestSuite:
    """Say the same to `unittest`."""
    return test_suite()
