"""Text from others, in configurations."""
import unittest

from zc.zk._rendering import quoting


class Quoting(unittest.TestCase):

    def test_harmless(self):
        """What could end a string, a line or a block is taken out."""
        for text, found in (
                ('web-1.2 (a), b=c: /x@y+z%', 'web-1.2 (a), b=c: /x@y+z%'),
                ('a"b\'c`d\\e', 'a_b_c_d_e'),
                ('a;}{$x#y', 'a____x_y'),
                ('a\nb\r\0\x1b\u2028\u202e', 'a_b_____'),
                ('é 日本', 'é 日本'),
                ('', '')):
            with self.subTest(text):
                self.assertEqual(found, quoting.harmless(text))

    def test_quoted(self):
        """Quotes and backslashes are escaped; the rest is taken out."""
        self.assertEqual('"a b;{}"', quoting.quoted('a b;{}'))
        self.assertEqual('"a\\"b\\\\c__d"', quoting.quoted('a"b\\c$\nd'))

    def test_identifier(self):
        """A path becomes a name, and is never nothing."""
        for text, found in (('/a/b', 'a_b'), ('a b;é"', 'a_b___'),
                            ('/', '_'), ('..', '_..'), ('x-1.2', 'x-1.2')):
            with self.subTest(text):
                self.assertEqual(found, quoting.identifier(text))

    def test_hosts(self):
        """A host is a name or an address to connect to."""
        for host, name, ip in (
                ('10.0.0.7', True, True), ('::1', True, True),
                ('fe80::1%eth0', False, False), ('0.0.0.0', False, False),
                ('::', False, False), ('web-1.example.com', True, False),
                ('a_b', True, False), ('-a', False, False),
                ('a..b', False, False), ('a b', False, False),
                ('a;b', False, False), ('a\n', False, False),
                ('', False, False), ('unix', False, False),
                ('Unix', False, False), ('é', False, False),
                ('a' * 255, False, False), ('fd@3', False, False)):
            with self.subTest(host):
                self.assertEqual((name, ip), (
                    quoting.is_host(host), quoting.is_ip(host)))

    def test_endpoint(self):
        """IPv6 gets brackets."""
        self.assertEqual('a:1', quoting.endpoint('a', 1))
        self.assertEqual('[::1]:80', quoting.endpoint('::1', 80))
