"""The states of a registration, and what may follow what.  Pure."""
from __future__ import annotations

import enum


class State(str, enum.Enum):
    """What is known of a wanted node; equal to the text that users see."""

    REGISTERED = 'registered'
    PENDING = 'pending'         # until there is a connection
    WAITING = 'waiting'         # for another owner's node to go
    FAILED = 'failed'
    CLOSED = 'closed'

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


_OPEN = frozenset(State) - {State.CLOSED}

#: The states that may follow each.  What is closed stays so, whatever a pass
#: that was under way has found.
FOLLOWS: dict[State, frozenset[State]] = {
    State.PENDING: _OPEN | {State.CLOSED},
    State.REGISTERED: _OPEN | {State.CLOSED},
    State.WAITING: _OPEN | {State.CLOSED},
    State.FAILED: _OPEN | {State.CLOSED},
    State.CLOSED: frozenset(),
}
