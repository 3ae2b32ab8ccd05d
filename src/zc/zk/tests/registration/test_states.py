"""The states of a registration, and what may follow what."""
from __future__ import annotations

import json
import unittest
from typing import Any

from kazoo.exceptions import NoAuthError
from kazoo.security import OPEN_ACL_UNSAFE

from zc.zk._registration.registration import Registration
from zc.zk._registration.states import FOLLOWS
from zc.zk._registration.states import State


class StateTests(unittest.TestCase):

    def test_text(self) -> None:
        """A state is the text that users see, however it is shown."""
        for state in State:
            self.assertEqual(
                [state.value] * 2, [str(state), f'{state}'])
            self.assertEqual(f'"{state.value}"', json.dumps(state))
        self.assertEqual('pending', State.PENDING)

    def test_table(self) -> None:
        """The table has a line for each state; all can be closed."""
        self.assertEqual(set(State), set(FOLLOWS))
        self.assertEqual(
            {State.CLOSED},
            {each for each in State if State.CLOSED not in FOLLOWS[each]})

    def test_closed(self) -> None:
        """What is closed stays so, whatever a late pass has found."""
        keeper: Any = None
        wanted = Registration(keeper, '/s/a', b'{}', OPEN_ACL_UNSAFE)
        wanted._announce()
        wanted._close()
        with self.assertNoLogs('zc.zk'):
            wanted._register()
            wanted._note(State.FAILED, NoAuthError('/s/a'))
        self.assertFalse(wanted._become(State.PENDING, NoAuthError('/s/a')))
        self.assertEqual(State.CLOSED, wanted.state)
        self.assertIsNone(wanted.error)
