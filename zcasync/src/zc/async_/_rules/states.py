"""The states of a job, and which may follow which.

Pure.  The values are what zc.async 1.5 used as message ids.
"""
from __future__ import annotations


__all__ = [
    'ACTIVE',
    'ASSIGNED',
    'CALLBACKS',
    'COMPLETED',
    'NAMES',
    'NEW',
    'PENDING',
    'may_follow',
]

NEW = 'new-status'
PENDING = 'pending-status'
ASSIGNED = 'assigned-status'
ACTIVE = 'active-status'
CALLBACKS = 'callback-status'
COMPLETED = 'completed-status'

#: What people read.
NAMES = {
    NEW: 'New',
    PENDING: 'Pending',
    ASSIGNED: 'Assigned',
    ACTIVE: 'Active',
    CALLBACKS: 'Performing Callbacks',
    COMPLETED: 'Completed',
}

_FOLLOW = {
    # A callback, or a job that is called directly, starts at once.
    NEW: {PENDING, ACTIVE, CALLBACKS, COMPLETED},
    # CALLBACKS and COMPLETED: a job that came too late fails unstarted.
    PENDING: {NEW, ASSIGNED, ACTIVE, CALLBACKS, COMPLETED},
    ASSIGNED: {PENDING, ACTIVE, CALLBACKS, COMPLETED},
    # PENDING: interrupted or rescheduled.
    ACTIVE: {NEW, PENDING, CALLBACKS, COMPLETED},
    CALLBACKS: {COMPLETED},
    COMPLETED: set(),
}


def may_follow(before: str, after: str) -> bool:
    """Say whether a job may go from one state to another."""
    return after in _FOLLOW[before]
