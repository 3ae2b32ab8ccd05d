"""The commit of a job's effects and its result.

After a commit, a connection asks the storage what is new, which costs
requests to a relational database.  It need not where nobody looks at it
before the next transaction begins.  Runs in the thread that performs the job.
"""
from __future__ import annotations

from typing import Any

from ..interfaces import COMPLETED
from .local import local


__all__ = ['commit']

#: Results that are no objects of a database, and hold none.
_PLAIN = {type(None), bool, int, float, str, bytes}


def commit(manager: Any, job: Any, result: Any) -> bool:
    """Commit.

    :returns: whether nothing of the job may be read before the next
        transaction
    """
    claim = local.claim
    if (claim is None or not claim.is_of(job)
            or getattr(job, 'prepares', True)
            or type(result) not in _PLAIN or job.status != COMPLETED
            or list(manager.get().getAfterCommitHooks())):
        manager.commit()
        return False
    job._p_jar.explicit_transactions = True
    try:
        manager.commit()
    finally:
        job._p_jar.explicit_transactions = False
    claim.settled = True
    return True
