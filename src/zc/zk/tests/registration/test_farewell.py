"""Ways for a node to go with a word."""
from __future__ import annotations

import unittest

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.security import CREATOR_ALL_ACL
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE

from zc.zk._registration.farewell import LAST_DATA
from zc.zk._registration.farewell import Farewell
from zc.zk._registration.farewell import first_way
from zc.zk._registration.farewell import next_way
from zc.zk._registration.farewell import steps
from zc.zk._session.transactions import TransactionFailed
from zc.zk._session.wire import Create
from zc.zk._session.wire import Delete
from zc.zk._session.wire import SetData


class Ways(unittest.TestCase):

    def test_first(self) -> None:
        """Where somebody may write, that is tried first."""
        for acl, way in (
            (OPEN_ACL_UNSAFE, Farewell.WRITTEN),
            (CREATOR_ALL_ACL, Farewell.WRITTEN),
            (READ_ACL_UNSAFE, Farewell.REMADE),
            ([*READ_ACL_UNSAFE, *CREATOR_ALL_ACL], Farewell.WRITTEN),
        ):
            self.assertEqual(way, first_way(acl))

    def test_steps(self) -> None:
        """Each way takes the node away, and demands its version first."""
        path, acl = '/s/a', READ_ACL_UNSAFE
        for way, expected in (
            (Farewell.WRITTEN, [
                SetData(path, LAST_DATA, 7), Delete(path, 8)]),
            (Farewell.REMADE, [
                Delete(path, 7), Create(path, LAST_DATA, acl, True),
                Delete(path, 0)]),
            (Farewell.SILENT, [Delete(path, 7)]),
        ):
            self.assertEqual(expected, steps(way, path, 7, acl))

    def test_next(self) -> None:
        """What fails because of the word is tried with less of it."""
        changed: tuple[type[KazooException], ...] = (
            BadVersionError, NoNodeError)
        for way, index, after in (
            (Farewell.WRITTEN, 0, Farewell.REMADE),
            (Farewell.WRITTEN, 1, Farewell.WRITTEN),
            (Farewell.REMADE, 0, Farewell.REMADE),
            (Farewell.REMADE, 1, Farewell.SILENT),
            (Farewell.SILENT, 0, Farewell.SILENT),
        ):
            op = steps(way, '/s/a', 7, READ_ACL_UNSAFE)[index]
            self.assertEqual(after, next_way(
                way, TransactionFailed(index, op, NoAuthError())))
            for error in changed:
                self.assertEqual(way, next_way(
                    way, TransactionFailed(index, op, error())))
