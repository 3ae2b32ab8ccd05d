"""The documentation is whole: its pages, names, links and pictures.

``make docs`` builds it and finds more; this needs no Sphinx.
"""
from __future__ import annotations

import ast
import importlib.metadata
import pathlib
import re
import sys
import unittest
from types import ModuleType
from unittest import mock

from zc.zk.tests.sources import ROOT
from zc.zk.tests.sources import TREES
from zc.zk.tests.sources import modules


DOCS = ROOT / 'docs'
LITERAL = re.compile(r'``([^`\n]+)``')
FILE_LINK = re.compile(r'<([^<>\s]+\.rst)>`_')


def extension(name: str) -> ModuleType:
    """Import a module of the site that needs no Sphinx."""
    with mock.patch.object(
            sys, 'path', [str(DOCS / 'extensions'), *sys.path]):
        return importlib.import_module(name)


def pages() -> list[pathlib.Path]:
    """Return the files of the site's pages."""
    return sorted(DOCS.rglob('*.rst'))


def source(page: pathlib.Path) -> pathlib.Path:
    """Return the file that a page consists of: its own, or another one."""
    text = page.read_text(encoding='utf-8').strip()
    included = re.fullmatch(r'\.\. include:: (\S+)', text)
    return (page.parent / included[1]).resolve() if included else page


class Contents(unittest.TestCase):

    def test_entries(self) -> None:
        """What a page has in its contents is a page, and has no other place.
        """
        listed = extension('documents').listed
        found = [entry for page in pages() for entry in listed(page)]
        self.assertEqual(len(found), len(set(found)))
        for entry in found:
            self.assertTrue(entry.is_file(), entry)

    def test_every_page(self) -> None:
        """Each page is reached from the first one.

        Pages without a place of their own stand at the end of it.
        """
        listed = extension('documents').listed
        index = DOCS / 'index.rst'
        self.assertIn('\n.. rest::\n', index.read_text(encoding='utf-8'))
        known = {entry for page in pages() for entry in listed(page)}
        reached = [index, *(page for page in pages() if page not in known)]
        for page in reached:
            reached.extend(
                entry for entry in listed(page) if entry not in reached)
        self.assertEqual(pages(), sorted(set(reached)))

    def test_without_site(self) -> None:
        """Where contents are not shown, as on GitHub, links lead to the same
        files, in the same order.
        """
        documents = extension('documents')
        for index in DOCS / 'index.rst', DOCS / 'reference' / 'index.rst':
            text = index.read_text(encoding='utf-8')
            _, _, listed = text.partition('\n- ')
            self.assertEqual(
                [source(page) for page in documents.listed(index)],
                [documents.target(name, index)
                 for name in FILE_LINK.findall(listed)])

    def test_no_stranger(self) -> None:
        """The documents of the other distributions are pages, too."""
        text = '\n'.join(
            page.read_text(encoding='utf-8') for page in pages())
        for tree in TREES[1:]:
            for document in sorted(tree.parent.glob('docs/*.rst')):
                self.assertIn(
                    f'.. include:: ../../{document.relative_to(ROOT)}\n', text)

    def test_readme(self) -> None:
        """A README is short, plain for the package index, and leads on."""
        for tree in TREES:
            text = (tree.parent / 'README.rst').read_text(encoding='utf-8')
            self.assertLess(len(text.splitlines()), 160)
            self.assertNotRegex(text, r':(doc|ref|class|func|meth|mod):`')
            self.assertNotIn('toctree::', text)
            self.assertIn('\nRead on\n=======\n', text)


class References(unittest.TestCase):

    def test_documents(self) -> None:
        """Each document that a text names is there."""
        documents = extension('documents')
        files = [*pages(), *(
            file for tree in TREES for file in
            [*sorted(tree.parent.glob('*.rst')),
             *sorted(tree.parent.glob('docs/*.rst'))])]
        for file in files:
            text = file.read_text(encoding='utf-8')
            for name in [*LITERAL.findall(text), *FILE_LINK.findall(text)]:
                if documents.DOCUMENT.fullmatch(name) and '/' in name:
                    with self.subTest(file=file.name, name=name):
                        self.assertIsNotNone(documents.target(name, file))

    def test_beside(self) -> None:
        """A name means a file beside the page, or below a directory above."""
        documents = extension('documents')
        page = DOCS / 'reference' / 'data.rst'
        for name in 'monitor.rst', 'docs/reference/monitor.rst':
            self.assertEqual(
                DOCS / 'reference' / 'monitor.rst',
                documents.target(name, page))
        self.assertIsNone(documents.target('docs/nothing.rst', page))

    def test_docstrings(self) -> None:
        """Each document that a module's text names is there."""
        documents = extension('documents')
        for module in modules():
            for name in re.findall(
                    r'\bdocs/[\w/-]+\.rst',
                    module.path.read_text(encoding='utf-8')):
                self.assertIsNotNone(
                    documents.target(name, module.path), (module.name, name))


class Reference(unittest.TestCase):

    def setUp(self) -> None:
        self.text = '\n'.join(
            page.read_text(encoding='utf-8')
            for page in sorted((DOCS / 'reference').glob('*.rst')))

    def test_modules(self) -> None:
        """Each public module has a place in the reference."""
        named = re.findall(
            r'^\.\. (?:automodule|interfaces):: (\S+)$', self.text, re.M)
        doors = re.findall(r'^\.\. doors:: (\S+)$', self.text, re.M)
        self.assertEqual(len(named), len(set(named)))
        for module in modules():
            parts = module.name.split('.')
            if 'async' in parts or any(
                    part.startswith('_') for part in parts):
                continue
            if public(module.tree()):
                self.assertTrue(
                    module.name in named or any(
                        f'{module.name}.'.startswith(f'{door}.')
                        for door in doors), module.name)

    def test_names(self) -> None:
        """What a list of names leaves out is described by hand."""
        for names in re.findall(
                r':exclude-members: ((?:.*\n)(?: {6}.*\n)*)', self.text):
            for name in names.replace(',', ' ').split():
                self.assertRegex(
                    self.text,
                    rf'(?m)^\.\. (auto)?(class|function|exception|data):: '
                    rf'([\w.]+\.)?{name}\b')

    def test_scripts(self) -> None:
        """Each script that is installed shows its help."""
        shown = re.findall(r'^\.\. help:: (\S+)$', self.text, re.M)
        for name in 'zc.zk', 'zc.zkzopeserver', 'zc.async':
            for point in importlib.metadata.distribution(name).entry_points:
                if point.group == 'console_scripts':
                    self.assertIn(point.name, shown)
        self.assertIn('\n.. commands::\n', self.text)

    def test_metadata(self) -> None:
        """The index links to the documentation."""
        for tree in TREES:
            text = (tree.parent / 'setup.py').read_text(encoding='utf-8')
            [name] = re.findall(r"'Documentation': f'{FILES}(.*)'", text)
            self.assertTrue((ROOT / name).is_file())


def public(tree: ast.Module) -> bool:
    """Tell whether a module says which names are public."""
    return any(
        isinstance(target, ast.Name) and target.id == '__all__'
        for node in tree.body if isinstance(node, ast.Assign)
        for target in node.targets)


class Drawing(unittest.TestCase):

    def draw(self, *lines: str) -> str:
        picture: str = extension('drawing').draw(list(lines), 'A title')
        return picture

    def test_picture(self) -> None:
        """A picture has who takes part, the messages, and remarks."""
        picture = self.draw(
            'server, ZooKeeper', 'server -> ZooKeeper: create',
            'ZooKeeper -> server: done', 'server .. ends', '-- 10 s later')
        for text in ('A title', 'server', 'ZooKeeper', 'create', 'done',
                     'ends', '10 s later'):
            self.assertIn(f'>{text}<', picture)
        self.assertEqual(2, picture.count('class="head"'))

    def test_escaped(self) -> None:
        """Text is text."""
        self.assertIn('a &lt; b &amp; c', self.draw('x', 'x .. a < b & c'))

    def test_not_understood(self) -> None:
        """A line in another form is an error that shows it."""
        with self.assertRaisesRegex(ValueError, 'not understood: x, y'):
            self.draw('x, y', 'x, y')

    def test_stranger(self) -> None:
        """A message is from and to those who take part."""
        with self.assertRaisesRegex(ValueError, 'z is not one of'):
            self.draw('x, y', 'x -> z: hello')
