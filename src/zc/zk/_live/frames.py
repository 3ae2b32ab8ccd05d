"""Errors that are kept, without what they would keep alive.

Pure.  It must not know where the errors come from.
"""
from __future__ import annotations


def forget_frames(error: BaseException) -> None:
    """Take the traceback off an error that is to be kept.

    It leads to the frames of all callers, and so to the very objects whose
    end is waited for.
    """
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        following.__traceback__ = None
        following = following.__cause__ or following.__context__
