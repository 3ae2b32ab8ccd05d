"""What the package says of itself."""
from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import unittest

import zc.zk


class PackageTests(unittest.TestCase):

    def test_version(self) -> None:
        """The version is that of the distribution, looked up when asked."""
        self.assertEqual(
            importlib.metadata.version('zc.zk'), zc.zk.__version__)
        self.assertEqual('False\n', subprocess.run(
            [sys.executable, '-c', 'import zc.zk\n'
             'print("__version__" in vars(zc.zk))'],
            stdout=subprocess.PIPE, text=True, check=True).stdout)

    def test_no_such_name(self) -> None:
        """A name that is not there is an AttributeError."""
        with self.assertRaisesRegex(AttributeError, 'no_such_name'):
            vars(zc.zk)['__getattr__']('no_such_name')

    def test_import(self):
        """What many programs do not need is imported when it is needed."""
        late = ('zc.zk._discovery.providers', 'zc.zk._tree.grammar',
                'zc.zk._transfer.importer', 'zc.zk._transfer.planned')
        done = subprocess.run(
            [sys.executable, '-c', 'import sys, zc.zk\n'
             'print(*sys.modules)\n'
             'for name in zc.zk.__all__: getattr(zc.zk, name)\n'
             'print(*sys.modules)'],
            capture_output=True, text=True, check=True, timeout=60)
        before, after = (
            set(line.split()) for line in done.stdout.splitlines())
        self.assertEqual(set(), before & set(late))
        self.assertLessEqual(
            {'zc.zk._discovery.providers', 'zc.zk._tree.grammar'}, after)
        self.assertLessEqual(set(zc.zk.__all__), set(dir(zc.zk)))

    def test_help(self) -> None:
        """The help begins with ZooKeeper and its methods, names all that is
        public, and has the errors at its end.
        """
        assert zc.zk.__doc__ is not None
        words = re.findall(r'\w+', zc.zk.__doc__)
        names = [name for name in dir(zc.zk.ZooKeeper)
                 if not name.startswith('_') and name != 'register_server']
        self.assertEqual(set(), {*names, *zc.zk.__all__} - set(words))
        errors = [name for name in zc.zk.__all__
                  if isinstance(getattr(zc.zk, name), type)
                  and issubclass(getattr(zc.zk, name), Exception)]
        last = max(words.index(name) for name in names)
        self.assertLess(last, min(words.index(name) for name in errors))
        self.assertLess(words.index('ZooKeeper', 8), last)
