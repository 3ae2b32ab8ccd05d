"""The runners that people have, as real processes."""
from __future__ import annotations

import importlib.util
import os
import sys
import time
import unittest

from zc.zkzopeserver.tests.processcase import ServerCase
from zc.zkzopeserver.tests.support import fetch
from zc.zkzopeserver.tests.support import wait_for


class RunnerTests(ServerCase):
    """The runners that people have."""

    def runs(self, *command: str) -> None:
        process = self.start(*command)
        [address] = self.wait_for_providers()
        self.assertIn(b'200 OK', fetch(address))
        process.send()
        self.assertEqual(0, process.wait(), process.output)
        self.assertEqual([], self.providers())

    def reloads(self, *command: str) -> None:
        """Run with --reload, touch the file, and stop the whole."""
        process = self.start(*command)
        [first] = self.wait_for_providers()
        path = os.path.join(self.directory, 'server.ini')
        later = time.time()

        def reloaded() -> bool:
            nonlocal later
            now = self.providers()
            if now == [first]:
                # The reloader looks only now and then, and what changed
                # before its first look has not changed for it.
                later += 1
                os.utime(path, (later, later))
            return now not in ([], [first])

        wait_for(reloaded, 'the reloaded server')
        process.send()
        process.wait()
        self.assertEqual([], self.providers())

    def fails(self, *command: str) -> None:
        process = self.start(*command)
        self.assertEqual(2, process.wait(), process.output)
        self.assertIn('option path: there is no node /nowhere',
                      process.output)
        self.assertEqual([], self.providers())


class GearboxTests(RunnerTests):

    def command(self, options: str = '') -> tuple[str, ...]:
        return (sys.executable, '-c',
                'from gearbox.main import main; main()', 'serve',
                '-c', self.ini(options, use=self.use))

    def test_serve(self):
        """gearbox serve starts and stops it."""
        self.runs(*self.command())

    def test_reload(self):
        """gearbox serve --reload gives it the time to leave."""
        self.reloads(*self.command(), '--reload')

    def test_error(self):
        """An error is no success to gearbox either."""
        self.fails(*self.command('path = /nowhere'))

    def test_variable(self):
        """An option may be given on the command line."""
        self.start(*self.command(), 'advertise=www.example.com:80')
        self.assertEqual(['www.example.com:80'], self.wait_for_providers())


class PserveTests(RunnerTests):

    def command(self, options: str = '') -> tuple[str, ...]:
        return (sys.executable, '-m', 'pyramid.scripts.pserve',
                self.ini(options, use=self.use))

    def test_serve(self):
        """pserve starts and stops it."""
        self.runs(*self.command())

    def test_reload(self):
        """pserve --reload gives it the time to leave."""
        self.reloads(*self.command(), '--reload')

    def test_error(self):
        """An error is no success to pserve either."""
        self.fails(*self.command('path = /nowhere'))


def test_suite():
    suite = unittest.TestSuite()
    # Where they are installed: neither is needed to use the package.
    for module, case in (('gearbox', GearboxTests), ('pyramid', PserveTests)):
        if importlib.util.find_spec(module):
            suite.addTests(
                unittest.defaultTestLoader.loadTestsFromTestCase(case))
    return suite
