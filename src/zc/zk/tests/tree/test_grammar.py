import unittest

from zc.zk._tree import grammar


# Names of nodes, names of properties, and values, usual and not
NAMES = ['a', 'a.b', 'host:80', 'a-b', '~@+', '[::1]:80', '.', '..', '...',
         '.a', 'a b', "'a'", '"', '#', 'a#', '/a', 'a=b', 'a->b', '-', '->',
         'caf\xe9', '\xa0', 'a:', ': a', 'type', '1', 'u', "u'", 'a\\b']
KEYS = [*NAMES, 'a_b', '_', 'a--b', 'a-', '-a', '=', '>', 'a>']
VALUES = ["'a'", "u'a'", '"a"', "u''", '0', '-1', '1.5', '1.5e3', '-0.0',
          'True', 'None']


def read(line: str) -> tuple[str, ...]:
    """Return the groups of the one match of a line."""
    [groups] = grammar.lines(line + '\n')
    return tuple(groups)


class GrammarTests(unittest.TestCase):

    def test_usual_names(self) -> None:
        """A node's usual name is read whole, and needs no quotes."""
        usual = [name for name in NAMES if grammar.usual_name(name)]
        self.assertEqual(
            ['a', 'a.b', 'host:80', 'a-b', '~@+', '-', 'a:', 'type', '1',
             'u'], usual)
        for name in usual:
            with self.subTest(name):
                self.assertEqual(('', name, '', '', '', '', '', ''),
                                 read('/' + name))
                self.assertTrue(grammar.plain_name(name))

    def test_plain_names(self) -> None:
        """A node's name without quotes is one that the reader takes."""
        for name in filter(grammar.plain_name, NAMES):
            with self.subTest(name):
                found = grammar.node('/' + name)
                assert found
                self.assertEqual((name, None), found.group('name', 'type'))

    def test_usual_keys(self) -> None:
        """A property's usual name is read whole, and needs no quotes."""
        usual = [key for key in KEYS if grammar.usual_key(key)]
        self.assertEqual(['a', 'type', '1', 'u', 'a_b', '_'], usual)
        for key in usual:
            for value in VALUES:
                with self.subTest(key, value=value):
                    self.assertEqual(
                        ('', '', '', key, value, '', '', ''),
                        read(f'{key} = {value}'))
            self.assertTrue(grammar.plain_key(key))

    def test_plain_keys(self) -> None:
        """A property's name without quotes is one that the reader takes."""
        for key in filter(grammar.plain_key, KEYS):
            with self.subTest(key):
                found = grammar.key(key + ' -> /a')
                assert found
                self.assertEqual(key, found.group())

    def test_links(self) -> None:
        """A link's target in one word is read whole, in two part by part."""
        self.assertEqual(('  ', '', '', 'a', '', '->', '/b', ''),
                         read('  a -> /b'))
        self.assertEqual(('  ', '', '', 'a', '', '=>', '/b', ''),
                         read('  a => /b'))
        self.assertEqual('  a => /b c', read('  a => /b c')[-1])
