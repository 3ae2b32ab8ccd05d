import itertools
import re
import unittest

from zc.zk.tests import sources
from zc.zk.tests import test_layers


PAGE = sources.ROOT / 'CONTRIBUTING.rst'
PACKAGES = [tree / 'zc' / name for tree, name in zip(
    sources.ALL_TREES, ('zk', 'zkzopeserver', 'async_'), strict=True)]


class Page(unittest.TestCase):

    def setUp(self):
        text = PAGE.read_text('utf-8')
        start = text.index('What is where\n')
        self.page = text[start:text.index('\nCode\n', start)]

    def test_rooms(self):
        """The page names each room of zc.zk, and the others' packages."""
        words = set(re.findall(r'\w+', self.page))
        rooms = {name.split('.')[2] for name in test_layers.NAMES
                 if name.startswith('zc.zk.')}
        for package in PACKAGES[1:]:
            rooms |= {each.name for each in package.glob('_*')
                      if (each / '__init__.py').is_file()}
        self.assertEqual(set(), rooms - words)

    def test_modules(self):
        """Each module that a journey passes is there."""
        for name in re.findall(r'``(_\w+/\w+)``', self.page):
            with self.subTest(name):
                self.assertTrue(any(
                    (package / f'{name}.py').is_file()
                    or (package / name).is_dir() for package in PACKAGES))

    def test_drawing(self):
        """The rooms are drawn in their order."""
        lines = [[test_layers.NAMES.index(f'zc.zk.{name}')
                  for name in line[:40].replace(' pure', '').split()]
                 for line in self.page.splitlines()
                 if re.match(r' {4}\w[\w ]+ {3}', line)]
        self.assertLess(10, len(lines))
        for upper, lower in itertools.pairwise(lines):
            self.assertLess(max(lower), min(upper))
