"""What the tests of registrations share."""
from __future__ import annotations

from typing import Any

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


CREATE, MULTI = 1, 14
ADDRESS = ('192.168.0.42', 8080)
NODE = '/s/192.168.0.42:8080'


class Case(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.other.create('/s')

    def session(self, zk: zc.zk.ZooKeeper | None = None) -> int:
        client_id = (zk or self.zk).client.client_id
        return client_id[0] if client_id else 0

    def exists(self, path: str = NODE) -> Any:
        """Return the node's stat; the connection may be just coming back."""
        return self.other.retry(self.other.exists, path)

    def owner(self, path: str = NODE) -> int:
        stat = self.exists(path)
        return stat.ephemeralOwner if stat else 0

    def delete_parent(self) -> None:
        """Delete node and parent at once: the node would come back."""
        transaction = self.other.transaction()
        transaction.delete(NODE)
        transaction.delete('/s')
        self.assertEqual([True, True], transaction.commit())

    def wait_registered(
        self, zk: zc.zk.ZooKeeper | None = None, path: str = NODE
    ) -> None:
        """Wait until the node is of the client's present session."""
        wait_for(lambda: self.session(zk) and (
            self.owner(path) == self.session(zk)), f'{path} registered')
