"""What the tests of races between registrations share."""
from __future__ import annotations

import threading

from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.registration.registrationcase import Case


class RaceCase(Case):

    def settle(self) -> None:
        """Wait until the reconciler has done what it was told."""
        done = threading.Event()
        self.zk._keeper.when_settled(done.set)
        self.assertTrue(done.wait(DEADLINE))

    def cut(self) -> None:
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)

    def heal(self) -> None:
        self.server.refuse(False)
        wait_for(lambda: self.zk.client.connected)
        wait_for(lambda: self.other.connected)
