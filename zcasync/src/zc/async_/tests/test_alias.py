import importlib
import pickle
import subprocess
import sys
import unittest

import zc.async_.job
from zc.async_.job import Job


old = importlib.import_module('zc.async')


class Alias(unittest.TestCase):

    def test_same(self):
        """Both names mean the same module objects."""
        self.assertIs(sys.modules['zc.async_'], old)
        self.assertIs(zc.async_.job, importlib.import_module('zc.async.job'))
        self.assertIs(zc.async_._rules.states,
                      importlib.import_module('zc.async._rules.states'))

    def test_name(self):
        """A module keeps its new name and spec."""
        module = importlib.import_module('zc.async.queue')
        self.assertEqual('zc.async_.queue', module.__name__)
        self.assertEqual('zc.async_.queue', module.__spec__.name)

    def test_pickle(self):
        """Pickles with the old name load, and new ones have the new name."""
        self.assertIs(Job, pickle.loads(b'czc.async.job\nJob\n.'))
        self.assertIn(b'zc.async_.job', pickle.dumps(Job))

    def test_missing(self):
        """A module that is not there is missing under either name."""
        with self.assertRaises(ModuleNotFoundError):
            importlib.import_module('zc.async.nothing')

    def test_first(self):
        """The old name may be the one that is imported first."""
        subprocess.run(
            [sys.executable, '-c', 'import importlib as i\n'
             'a = i.import_module("zc.async.interfaces")\n'
             'b = i.import_module("zc.async_.interfaces")\n'
             'assert a is b'], check=True)

    def test_run(self):
        """python -m takes the old name."""
        done = subprocess.run(
            [sys.executable, '-m', 'zc.async.tests.hello'],
            capture_output=True, text=True, check=True)
        self.assertEqual('hello from zc.async_.tests\n', done.stdout)

    def test_exports(self):
        """What a script needs of a running job is in the package."""
        self.assertIs(zc.async_.threadlocal.local, old.local)
