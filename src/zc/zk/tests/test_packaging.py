import importlib.metadata
import pathlib
import re
import unittest

from zc.zk.tests import sources


def distributions():
    """Return what is installed of the distributions of this checkout."""
    names = ['zc.zk', 'zc.zkzopeserver'][:len(sources.TREES)]
    return [importlib.metadata.distribution(name) for name in names]


class Installed(unittest.TestCase):

    def test_license(self):
        """The license is named as SPDX does."""
        for each in distributions():
            names = [each.metadata[key]
                     for key in ('License-Expression', 'License')]
            self.assertIn('ZPL-2.1', names)

    def test_python(self):
        """Python 3.10 is the oldest that is served."""
        for each in distributions():
            self.assertEqual('>=3.10', each.metadata['Requires-Python'])

    def test_not_the_old_one(self):
        """The index's zc.zk 2.1, for Python 2, does not do."""
        for each in distributions():
            for line in each.requires or ():
                if re.match(r'zc\.zk\b', line) and 'extra' not in line:
                    self.assertIn('>=3.0', line)

    def test_entry_points(self):
        """Every script and every runner can be loaded."""
        for each in distributions():
            points = [point for point in each.entry_points
                      if not point.extras]
            self.assertTrue(points)
            for point in points:
                with self.subTest(point.name):
                    # A plug-in of pytest is a module.
                    self.assertTrue(
                        callable(point.load()) or point.group == 'pytest11')


class Files(unittest.TestCase):

    def test_licenses(self):
        """Both distributions carry the text of the license."""
        texts = {(tree.parent / 'LICENSE.txt').read_text(encoding='utf-8')
                 for tree in sources.TREES}
        self.assertEqual(1, len(texts))
        self.assertIn('Zope Public License (ZPL) Version 2.1', texts.pop())

    def test_documents(self):
        """Every document is named in its distribution's manifest."""
        for tree in sources.TREES:
            manifest = tree.parent / 'MANIFEST.in'
            text = manifest.read_text(encoding='utf-8')
            self.assertRegex(text, r'(?m)^include .*\*\.rst')
            for folder in 'bench', 'demo', 'docs':
                if pathlib.Path(tree.parent, folder).is_dir():
                    self.assertIn(f'graft {folder}\n', text)

    def test_titles(self):
        """README and CHANGES, joined, have titles of consistent levels.

        The index renders them as one document and refuses others.
        """
        for tree in sources.TREES:
            text = '\n\n'.join(
                (tree.parent / name).read_text(encoding='utf-8')
                for name in ('README.rst', 'CHANGES.rst'))
            known: list[str] = []
            level = -1
            for style in titles(text):
                if style not in known:
                    self.assertEqual(len(known), level + 1, style)
                    known.append(style)
                self.assertLessEqual(known.index(style), level + 1, style)
                level = known.index(style)
            self.assertGreater(len(known), 1)


def titles(text):
    """Return the styles of titles: a character, twice with an overline."""
    lines = text.splitlines()
    found = []
    for above, line, below in zip(
            ['', *lines], lines, [*lines[1:], ''], strict=False):
        if (re.fullmatch(r'([=~^-])\1{3,}', below) and line.strip()
                and len(below) >= len(line) and not line.startswith(' ')):
            found.append(below[0] * (2 if above == below else 1))
    return found
