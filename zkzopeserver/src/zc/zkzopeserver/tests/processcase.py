"""What the tests of real processes share."""
from __future__ import annotations

import unittest

from zc.zkzopeserver.tests.support import Process
from zc.zkzopeserver.tests.support import ZooKeeperCase


EGGS = {'zope.server': 'egg:zc.zkzopeserver',
        'waitress': 'egg:zc.zkzopeserver#waitress'}


class ServerCase(ZooKeeperCase):
    """A test that is made once for each engine."""

    use = EGGS['zope.server']

    def serve(
        self, options: str = '', name: str = 'server.ini', **environ: str
    ) -> Process:
        """Start a server and wait until it has registered."""
        process = self.zkserve(
            self.ini(options, name, self.use), **environ)
        process.wait_for_output('registered as')
        return process


def for_both(case: type[ServerCase]) -> unittest.TestSuite:
    suite = unittest.TestSuite()
    for name, use in EGGS.items():
        made = type(f'{case.__name__}[{name}]', (case,), {
            'use': use, '__module__': case.__module__,
            '__qualname__': f'{case.__name__}[{name}]'})
        suite.addTests(
            unittest.defaultTestLoader.loadTestsFromTestCase(made))
    return suite
