"""Why a request fails: what the modules of the server raise to each other.

Imports nothing but the codes; for any thread.
"""
from __future__ import annotations

from ._jute import Code


class RequestFailed(Exception):
    """A request is answered with an error code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code
