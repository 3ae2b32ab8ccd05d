"""A chroot that does not exist is named."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.servercase import ServerCase


class ChrootTests(ServerCase):

    def connect(self, chroot: str) -> zc.zk.ZooKeeper:
        zk = zc.zk.ZooKeeper(self.server.connection_string + chroot)
        self.addCleanup(zk.close)
        return zk

    def missing(self, chroot: str) -> zc.zk.ZooKeeper:
        with self.assertLogs('zc.zk', 'WARNING') as logs:
            zk = self.connect(chroot)
        self.assertEqual(
            f'the chroot {chroot} does not exist in ZooKeeper: create it, or '
            'change the connection string', logs.records[0].getMessage())
        return zk

    def test_said(self) -> None:
        """Connecting says so, and so does each error about a node."""
        zk = self.missing('/web')
        calls: list[tuple[Callable[..., Any], Any]] = [
            (zk.children, '/providers'),
            (zk.properties, '/providers'),
            (lambda path: zk.properties(path, watch=False), '/providers'),
            (zk.get, '/providers'),
            (zk.get_children, '/providers'),
            (zk.resolve, '/providers'),
            (lambda path: zk.register(path, 'h:1'), '/providers'),
            (zk.create, '/providers'),
            (zk.export_tree, '/'),
            (zk.print_tree, '/'),
            (zk.delete_recursive, '/providers'),
            (lambda path: zk.import_tree('/a\n', path), '/')]
        for function, path in calls:
            with self.subTest(function), \
                    self.assertRaises(NoNodeError) as caught:
                function(path)
            self.assertEqual(
                f'{path} (the chroot /web does not exist)',
                str(caught.exception))

    def test_created_meanwhile(self) -> None:
        """As with 2.1, a program may connect first and create it then."""
        zk = self.missing('/web')
        zk.create('/providers', makepath=True)
        self.assertEqual(['providers'], list(zk.children('/')))
        with self.assertRaises(NoNodeError) as caught:
            zk.get('/other')
        self.assertEqual('/other', str(caught.exception))

    def test_there(self) -> None:
        """Nothing is said of a chroot that exists."""
        self.zk.create('/web')
        with self.assertNoLogs('zc.zk', 'WARNING'):
            zk = self.connect('/web')
        with self.assertRaises(NoNodeError) as caught:
            zk.get('/other')
        self.assertEqual('/other', str(caught.exception))

    def test_unknown(self) -> None:
        """What cannot be looked at is not said to be missing."""
        zk = self.missing('/web')

        def fail(*args: Any) -> Any:
            raise KazooException

        zk._bulk.wait = fail            # type: ignore
        with self.assertRaises(NoNodeError) as caught, zk._connection.chroot:
            raise NoNodeError('/other')
        self.assertEqual('/other', str(caught.exception))
