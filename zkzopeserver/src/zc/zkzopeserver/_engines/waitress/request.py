"""Requests to waitress, parsed as those to zope.server are.

Pure: no socket, thread or clock.  A channel of waitress names the class of
its parser, so both engines can use the same one.  The time of waitress's own
parser grows with the square of the blanks in a field, and it accepts requests
that a proxy may understand differently.
"""
from __future__ import annotations

from ..request import RequestParser


class WaitressRequest(RequestParser):
    """One request, with the names that waitress's channel and tasks use."""

    url_scheme = 'http'
    query: str | None = ''

    @property
    def headers_finished(self) -> bool:
        """Whether the header has come."""
        return self.body_rcv is not None or self.completed

    @property
    def expect_continue(self) -> bool:
        """Whether the client waits for ``100 Continue``."""
        return self.wants_continue

    @expect_continue.setter
    def expect_continue(self, value: bool) -> None:
        self.wants_continue = value

    @property
    def request_uri(self) -> str:
        """The target as it was sent."""
        return self.uri

    def _parse(self, header: bytes) -> None:
        super()._parse(header)
        # It becomes QUERY_STRING as it is.
        self.query = self.query or ''

    def get_body_stream(self) -> object:
        """Return the body as a file that ends where the body does."""
        return self.getBodyStream()
