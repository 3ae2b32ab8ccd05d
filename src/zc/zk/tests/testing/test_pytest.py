"""Tests of the plug-in for pytest, which pytest's own pytester runs.

See `pytestcases` for what is run.
"""
import functools
import os
import re
import subprocess
import sys
import unittest

from zc.zk.tests.testing import pytestcases


@functools.cache
def outcome():
    """Return the names of what passed, and all that pytest said."""
    ended = subprocess.run(
        [sys.executable, '-m', 'pytest', '-p', 'pytester', '-rA',
         '-p', 'no:cacheprovider', '--rootdir',
         os.path.dirname(pytestcases.__file__), pytestcases.__file__],
        capture_output=True, text=True, timeout=600)
    said = ended.stdout + ended.stderr
    return re.findall(r'^PASSED \S+::(\w+)$', said, re.MULTILINE), said


class Plugin(unittest.TestCase):

    def check(self, name):
        passed, said = outcome()
        self.assertIn(name, passed, said)

    def test_clients(self):
        """Each test has a tree of its own, and a client."""
        self.check('test_clients')

    def test_faults(self):
        """A test may have the server fail; the next one finds it well."""
        self.check('test_faults')

    def test_marker(self):
        """The marker is known; what it lacks is an error that names it."""
        self.check('test_marker')

    def test_documented(self):
        """The example in docs/testing.rst holds."""
        self.check('test_documented')

    def test_not_loaded(self):
        """In a project that does not use it, the library is not loaded."""
        self.check('test_not_loaded')

    def test_xdist(self):
        """Each worker of pytest-xdist has a server of its own."""
        self.check('test_xdist')

    def test_real(self):
        """On a real server, tests that stage faults are skipped."""
        self.check('test_real')
