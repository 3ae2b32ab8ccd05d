"""What the tests of Children and Properties share."""
from __future__ import annotations

from typing import Any

from zc.zk.tests.base import ZooKeeperCase


TREE = """
/service
  a = 1
  /providers
    /one
    /two
/other
  b = 2
  /three
/lb
  providers -> /service/providers
"""


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self) -> None:
        super().setUp()
        self.client = self.zk()
        self.calls: list[Any] = []
