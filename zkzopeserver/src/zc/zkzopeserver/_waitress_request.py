"""Bytes to HTTP requests on waitress: its parser with stricter manners.

Pure: no socket, thread or clock.
"""
from __future__ import annotations

from waitress.parser import HTTPRequestParser


class RequestParser(HTTPRequestParser):
    """One request, fed in pieces of any size."""

    # Where the first line was not understood.
    command = ''
    path = ''
    request_uri = ''
    query = ''

    def received(self, data: bytes) -> int:
        """Take bytes; return how many of them belong to this request."""
        consumed: int = super().received(data)
        if self.completed:
            # Nothing more is wanted from the client, or it is refused.
            self.expect_continue = False
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the first line and the fields."""
        super().parse_header(header_plus)
