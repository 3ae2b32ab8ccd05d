"""Tests of _acls: who may do what."""
from __future__ import annotations

import unittest

from ....testing.protocol.codes import Code
from ....testing.protocol.codes import RequestFailed
from ....testing.protocol.records import ACL
from ....testing.state import acls
from ....testing.state.acls import Id


LOCAL = Id('ip', '127.0.0.1')
USER = acls.digest(b'user:secret')


class AllowsTest(unittest.TestCase):

    def test_anyone(self):
        """The world may do what it is given."""
        self.assertTrue(acls.allows(acls.OPEN, acls.DELETE, ()))
        self.assertTrue(acls.allows(acls.READ_ONLY, acls.READ, ()))
        self.assertFalse(acls.allows(acls.READ_ONLY, acls.WRITE, ()))

    def test_digest(self):
        """A digest is for who knows the password."""
        acl = [ACL(acls.WRITE, 'digest', USER.id)]
        self.assertTrue(acls.allows(acl, acls.WRITE, [LOCAL, USER]))
        self.assertFalse(acls.allows(acl, acls.WRITE, [LOCAL]))
        self.assertFalse(acls.allows(acl, acls.READ, [USER]))
        self.assertFalse(acls.allows(
            acl, acls.WRITE, [Id('ip', USER.id)]))

    def test_part(self):
        """One of several permissions is enough."""
        self.assertTrue(acls.allows(
            acls.READ_ONLY, acls.READ | acls.ADMIN, ()))

    def test_ip(self):
        """An ip entry is an address or a network."""
        for who, allowed in (
                ('127.0.0.1', True), ('127.0.0.2', False),
                ('127.0.0.0/8', True), ('128.0.0.0/8', False),
                ('0.0.0.0/0', True), ('127.0.0.0/31', True),
                ('nonsense', False)):
            self.assertEqual(allowed, acls.allows(
                [ACL(1, 'ip', who)], 1, [LOCAL]), who)
        self.assertFalse(acls.allows(
            [ACL(1, 'ip', '127.0.0.1')], 1, [Id('ip', '::1')]))

    def test_server(self):
        """The server itself may do everything."""
        acls.check([ACL(0, 'world', 'anyone')], acls.ADMIN, [acls.SUPER])

    def test_check(self):
        """Who may not is told NO_AUTH."""
        with self.assertRaises(RequestFailed) as raised:
            acls.check(acls.READ_ONLY, acls.WRITE, [LOCAL])
        self.assertEqual(Code.NO_AUTH, raised.exception.code)


class ExpandedTest(unittest.TestCase):

    def test_valid(self):
        """What is valid is stored as it is, but once."""
        acl = [ACL(31, 'world', 'anyone'), ACL(1, 'digest', 'a:b'),
               ACL(1, 'digest', 'a:b:'), ACL(1, 'ip', '1.2.3.4'),
               ACL(1, 'ip', '1.2.3.4/0'), ACL(1, 'ip', '1.2.3.4/32')]
        self.assertEqual(tuple(acl), acls.expanded(acl * 2, ()))

    def test_auth(self):
        """The scheme auth stands for all digests of the client."""
        other = Id('digest', 'other:x')
        self.assertEqual(
            (ACL(3, 'digest', USER.id), ACL(3, 'digest', other.id)),
            acls.expanded([ACL(3, 'auth', '')], [LOCAL, USER, other]))

    def test_invalid(self):
        """What is not valid is INVALID_ACL."""
        for acl in (
                None, [], [ACL(1, 'auth', '')], [ACL(1, 'world', 'me')],
                [ACL(1, 'sasl', 'x')], [ACL(1, None, 'x')],
                [ACL(1, 'digest', 'x')], [ACL(1, 'digest', 'x:')],
                [ACL(1, 'digest', 'a:b:c')], [ACL(1, 'ip', '')],
                [ACL(1, 'ip', '1.2.3')], [ACL(1, 'ip', '1.2.3.256')],
                [ACL(1, 'ip', '1.2.3.4/33')], [ACL(1, 'ip', '1.2.3.4/')],
                [ACL(1, 'ip', '1.2.3.-4')], [ACL(1, 'ip', '::1')]):
            with self.subTest(acl), self.assertRaises(RequestFailed) as raised:
                acls.expanded(acl, [LOCAL])
            self.assertEqual(Code.INVALID_ACL, raised.exception.code)

    def test_no_id(self):
        """An entry without an id is no ACL at all."""
        with self.assertRaises(RequestFailed) as raised:
            acls.expanded([ACL(1, 'digest', None)], ())
        self.assertEqual(Code.MARSHALLING_ERROR, raised.exception.code)


class DigestTest(unittest.TestCase):

    def test_digest(self):
        """A digest is the user, and SHA-1 of user and password."""
        self.assertEqual(
            Id('digest', 'user:5w9W4eL3797Y4Wq8AcKUPPk8ha4='), USER)

    def test_no_password(self):
        """A user without a password has a digest, too."""
        self.assertEqual('user:', acls.digest(b'user').id[:5])

    def test_masked(self):
        """Who may not see digests sees the users."""
        self.assertEqual(
            [ACL(1, 'digest', 'user:x'), ACL(1, 'ip', '1.2.3.4')],
            acls.masked([ACL(1, 'digest', USER.id),
                          ACL(1, 'ip', '1.2.3.4')]))
