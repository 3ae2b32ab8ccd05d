"""Tests of _validate: what is wrong with links."""
from __future__ import annotations

import unittest
from unittest import mock

from zc.zk._tree import plan
from zc.zk._tree.faults import link_faults
from zc.zk._tree.parser import parse_tree
from zc.zk._tree.values import decode
from zc.zk._tree.values import encode


def faults(text, path='/', known=None, unreadable=()):
    wanted = plan.flatten(parse_tree(text), path)
    nodes = {want.path: want.data for want in wanted}
    tops = [want.path for want in wanted if want.parent < 0]
    return [tuple(fault) for fault in link_faults(
        nodes, list(nodes), tops if known is None else known, unreadable)]


class LinkFaultTests(unittest.TestCase):

    def test_sound_links(self):
        """Links that lead to a node or a property are no faults."""
        self.assertEqual(faults('''
/a
  l -> b
  m -> ../c/n/d
  p => ../c
  q => l q
  /b
    q = 1
/c
  p = 2
  n -> /c/o
  /o
    /d
'''), [])

    def test_dangling(self):
        """A link to a node that is not there is a fault."""
        self.assertEqual(faults('/a\n  l -> b\n  m -> l/x\n'), [
            ('/a', 'l ->', 'leads to /a/b, which does not exist'),
            ('/a', 'm ->', 'leads nowhere: /a/l/x (links lead to /a/b/x, '
             'which does not exist)')])

    def test_loops(self):
        """Links in a circle are a fault each."""
        found = faults('/a\n  l -> m\n  m -> l\n  p => /a q\n  q => /a p\n')
        self.assertEqual([fault[:2] for fault in found], [
            ('/a', 'l ->'), ('/a', 'm ->'), ('/a', 'p =>'), ('/a', 'q =>')])
        for fault in found:
            self.assertTrue(fault[2].startswith('circular links: '))

    def test_hidden(self):
        """A link beside a real node or property of its name is a fault."""
        self.assertEqual(
            faults('/a\n  b -> /c\n  p = 1\n  p => /c\n  /b\n/c\n  p = 2\n'),
            [('/a', 'b ->', 'hidden by the node /a/b'),
             ('/a', 'p =>', "hidden by the property 'p'")])

    def test_missing_property(self):
        """A property link needs a property at its end."""
        self.assertEqual(faults('/a\n  p => /b\n  q => /b/c q\n/b\n'), [
            ('/a', 'p =>', "/b has no property 'p'"),
            ('/a', 'q =>', 'there is no node /b/c')])

    def test_each_node_is_decoded_once(self):
        """However long a chain of links is, its node is decoded once."""
        for arrow, target in (' ->', 'a{}'), (' =>', '. a{}'):
            with self.subTest(arrow):
                data = encode({
                    f'a{i}{arrow}': target.format(i + 1)
                    for i in range(300)})
                nodes = {'/': b'', '/n': data}
                with mock.patch(
                        'zc.zk._tree.links.decode',
                        side_effect=decode) as calls:
                    found = list(link_faults(nodes, nodes))
                self.assertEqual(300, len(found))
                self.assertEqual(2, calls.call_count)

    def test_odd_values(self):
        """A link whose value is no path is a fault."""
        found = faults("/a\n  'l ->' = 1\n  'p =>' = '/a b c'\n"
                       "  'm ->' = ''\n")
        self.assertEqual([fault[1] for fault in found],
                         ['l ->', 'm ->', 'p =>'])

    def test_outside(self):
        """Nothing is said of what is outside of what is known."""
        text = '/a\n  l -> /x\n  m -> ..\n  p => .. p\n  q => /x\n  n -> o\n'
        self.assertEqual(
            [fault[:2] for fault in faults(text, '/top')],
            [('/top/a', 'n ->')])
        self.assertEqual(
            [fault[1] for fault in faults(text, '/top', ['/'])],
            ['l ->', 'm ->', 'n ->', 'p =>', 'q =>'])

    def test_no_text(self):
        """Nodes whose data are not UTF-8 have no links."""
        self.assertEqual(list(link_faults({'/a': b'\xff'}, ['/a'])), [])

    def test_unreadable(self):
        """Of what may not be read nothing is said, only of the rest."""
        text = '''
/a
  below -> /secret/x
  dangling -> /b/x
  link -> /secret
  property => /secret x
  property_below => /secret/x/y z
  shown -> /secret/shown/x
/b
/secret
  /shown
'''
        self.assertEqual(
            [fault[:2] for fault in faults(text)],
            [('/a', name) for name in (
                'below ->', 'dangling ->', 'property =>', 'property_below =>',
                'shown ->')])
        self.assertEqual(
            [fault[:2] for fault in faults(text, unreadable=['/secret'])],
            [('/a', 'dangling ->')])
