import unittest

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from zc.zk._tree.addresses import format_addr
from zc.zk._tree.addresses import parse_addr
from zc.zk.errors import AddressError


HOSTS = st.text(st.characters(exclude_characters='/:[]'), max_size=10)
IPV6 = st.ip_addresses(v=6).map(str)
PORTS = st.integers(0, 65535)


class Addresses(unittest.TestCase):

    @settings(deadline=None)
    @given(st.tuples(HOSTS | IPV6, PORTS))
    def test_pairs(self, pair):
        """parse_addr undoes format_addr."""
        self.assertEqual(pair, parse_addr(format_addr(pair)))

    @settings(deadline=None)
    @given(st.tuples(HOSTS | IPV6, PORTS))
    def test_text(self, pair):
        """An address that is text already stays as it is."""
        text = format_addr(pair)
        self.assertEqual(text, format_addr(text))
        self.assertEqual(text, format_addr(parse_addr(text)))

    def test_format(self):
        """A node's name is host:port, an IPv6 host in brackets."""
        for address, text in (
                (('1.2.3.4', 80), '1.2.3.4:80'),
                (['h', 80], 'h:80'),
                (('h', '80'), 'h:80'),
                (('', 80), ':80'),
                (('::1', 80), '[::1]:80'),
                (('[::1]', 80), '[::1]:80'),
                (('fe80::1%eth0', 80), '[fe80::1%eth0]:80'),
                ('h:80', 'h:80'),
                ('[::1]:80', '[::1]:80')):
            self.assertEqual(text, format_addr(address), address)

    def test_parse(self):
        """The port is a number, the host has no brackets."""
        for text, pair in (
                ('1.2.3.4:80', ('1.2.3.4', 80)),
                (':80', ('', 80)),
                ('h:0', ('h', 0)),
                ('h:65535', ('h', 65535)),
                ('h:0000000080', ('h', 80)),
                ('[::1]:80', ('::1', 80)),
                ('[h]:80', ('h', 80))):
            self.assertEqual(pair, parse_addr(text), text)

    def test_bad_text(self):
        """What is no address is refused, with the reason."""
        number = 'the port must be a number'
        brackets = 'an IPv6 address needs brackets: [::1]:80'
        most = 'the port must be at most 65535'
        for text, reason in (
                ('', 'HOST:PORT is needed'),
                ('h', 'HOST:PORT is needed'),
                ('h:', number),
                ('h:http', number),
                ('h:-1', number),
                ('h: 80', number),
                ('h:80 ', number),
                ('h:8.0', number),
                ('h:\u0663', number),
                ('h:65536', most),
                ('h:0065536', most),
                ('h:' + '9' * 100_000, most),
                ('::1:80', brackets),
                ('::1', brackets),
                ('a:b:80', brackets),
                ('[::1:80', brackets),
                ('a/b:80', "a host must not hold '/'")):
            with self.subTest(text=text[:10]):
                for call in parse_addr, format_addr:
                    with self.assertRaises(AddressError) as caught:
                        call(text)
                    self.assertEqual(
                        f'bad server address {text!r}: {reason}',
                        str(caught.exception))

    def test_bad_pairs(self):
        """What is no pair of host and port is refused."""
        pair = 'a (host, port) pair is needed'
        for address, reason in (
                (None, pair), (80, pair), (('h',), pair),
                (('h', 80, 1), pair), (b'host:80', pair), ((), pair),
                ((b'h', 80), 'the host must be a str'),
                ((None, 80), 'the host must be a str')):
            with self.subTest(address=address):
                with self.assertRaises(AddressError) as caught:
                    format_addr(address)
                self.assertEqual(
                    f'bad server address {address!r}: {reason}',
                    str(caught.exception))
        with self.assertRaises(AddressError):
            format_addr(('h', None))
        with self.assertRaises(AddressError):
            format_addr(('a/b', 80))

    def test_parse_pair(self):
        """parse_addr takes text only."""
        for address in (None, ('h', 80), b'h:80'):
            with self.assertRaises(AddressError) as caught:
                parse_addr(address)
            self.assertEqual(
                f'bad server address {address!r}: HOST:PORT is needed',
                str(caught.exception))
