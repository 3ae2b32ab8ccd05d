"""Tests of filters: which nodes are looked for."""
from __future__ import annotations

import json
import unittest
from types import SimpleNamespace

from zc.zk._looking import filters
from zc.zk._looking.items import Item


def item(path='/a', mtime=0, owner=0, **properties):
    return Item(path, json.dumps(properties).encode(), SimpleNamespace(
        mtime=mtime, ephemeralOwner=owner), [])


class Filters(unittest.TestCase):

    def test_duration(self):
        """Times have units; anything else is refused."""
        self.assertEqual([90, 1.5, 900, 7200, 86400, 1209600], [
            filters.duration(text)
            for text in ('90', '1.5s', '15m', '2h', '1d', '2w')])
        for text in '', '-1', '5x', 'd', '1e99', 'nan':
            with self.assertRaisesRegex(ValueError, 'seconds is needed'):
                filters.duration(text)

    def test_owner(self):
        """A session is hexadecimal or decimal; Java's are signed."""
        self.assertEqual([0x10, 16, -1], [
            filters.owner('0x10'), filters.owner('16'),
            filters.owner('0xffffffffffffffff')])
        for text in '', 'x', '0xg', '-1', '1' + '0' * 30:
            with self.assertRaisesRegex(ValueError, 'session is needed'):
                filters.owner(text)

    def test_named(self):
        """The whole name must match the pattern."""
        takes = filters.named('10.*:80')
        self.assertEqual([True, False, False], [
            takes(item(path)) for path in
            ('/p/10.0.0.7:80', '/p/110.0.0.7:80', '/p/10.0.0.7:8080')])

    def test_typed(self):
        """The type must be a string."""
        takes = filters.typed('z4m*')
        self.assertEqual([True, False, False], [
            takes(item(type='z4m cms')), takes(item()), takes(item(type=1))])

    def test_having(self):
        """A property has a name, and perhaps a value: text or expression."""
        self.assertEqual([True, False], [
            filters.having('x')(each) for each in (item(x=None), item(y=1))])
        for wanted, value in [
                ('x=1.2', '1.2'), ('x=1.2', 1.2), ('x=True', True),
                ("x='a b'", 'a b'), ('x=a b', 'a b'), ('x=[1, 2]', [1, 2]),
                ('x = 3', 3), ('x=', '')]:
            self.assertTrue(
                filters.having(wanted)(item(x=value)), (wanted, value))
        for wanted, value in [('x=1', 2), ('x=1', True), ('x=a', 'b')]:
            self.assertFalse(
                filters.having(wanted)(item(x=value)), (wanted, value))

    def test_times(self):
        """Older is by the last writing of the data."""
        takes = filters.older(60, 1000.0)
        self.assertEqual([True, False], [
            takes(item(mtime=940_000)), takes(item(mtime=941_000))])

    def test_owned(self):
        """Ephemeral nodes have an owner."""
        self.assertEqual([False, True], [
            filters.ephemeral(item()), filters.ephemeral(item(owner=5))])
        self.assertEqual([False, True], [
            filters.owned(5)(item(owner=4)), filters.owned(5)(item(owner=5))])
