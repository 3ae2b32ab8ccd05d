"""Writes by objects whose data are not the newest."""
from __future__ import annotations

from typing import Any

from kazoo.exceptions import BadVersionError
from kazoo.security import OPEN_ACL_UNSAFE

import zc.zk
from zc.zk._session.wire import Create
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


class Case(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.zk._bulk.commit([
            Create('/a', b'{"x":1}', OPEN_ACL_UNSAFE),
            Create('/b', b'{"y":1}', OPEN_ACL_UNSAFE),
            Create('/l', b'{"to ->":"/a"}', OPEN_ACL_UNSAFE)])

    def blind(self, path: str) -> zc.zk.Properties:
        """Return properties that have not heard of any change yet."""
        properties = self.zk.properties(path)
        self.zk._engine._take = (           # type: ignore[method-assign]
            lambda *args: None)
        return properties

    def recreate(self) -> None:
        """Make another node, at the version of the first."""
        self.other.delete('/a')
        self.other.create('/a', b'{"z":26}')


class RecreatedTests(Case):

    def test_update(self) -> None:
        """A new node's properties are kept, though its version is known."""
        properties = self.blind('/a')
        self.recreate()
        properties.update(y=2)
        self.assertEqual(self.zk.get_properties('/a'), {'z': 26, 'y': 2})

    def test_update_without_watching(self) -> None:
        """The same for properties that are not followed."""
        properties = self.zk.properties('/a', watch=False)
        self.recreate()
        properties['y'] = 2
        self.assertEqual(self.zk.get_properties('/a'), {'z': 26, 'y': 2})
        self.assertEqual(properties.copy(), {'z': 26, 'y': 2})

    def test_replace(self) -> None:
        """A node that was made anew is not the one that was read."""
        properties = self.blind('/a')
        self.recreate()
        with self.assertRaises(BadVersionError):
            properties.replace(y=2)
        self.assertEqual(self.zk.get_properties('/a'), {'z': 26})


class RepointedTests(Case):

    def write(self, properties: Any) -> None:
        self.other.set('/l', b'{"to ->":"/b"}')
        properties.update(new=1)
        self.assertEqual(self.zk.get_properties('/a'), {'x': 1})
        self.assertEqual(self.zk.get_properties('/b'), {'y': 1, 'new': 1})

    def test_update_without_watching(self) -> None:
        """What does not follow a link looks where it leads now."""
        properties = self.zk.properties('/l/to', watch=False)
        self.write(properties)
        self.assertEqual(properties.real_path, '/b')

    def test_update_during_an_outage(self) -> None:
        """An update that waits for a connection goes where the link leads
        then.
        """
        properties = self.zk.properties('/l/to')
        session = self.zk.client.client_id[0]
        self.server.refuse()
        wait_for(lambda: not properties.current)
        self.zk._engine._take = (           # type: ignore[method-assign]
            lambda *args: None)
        self.server.refuse(False)
        wait_for(lambda: self.zk.client.connected)
        wait_for(lambda: self.other.connected)
        self.assertEqual(self.zk.client.client_id[0], session)
        self.write(properties)
