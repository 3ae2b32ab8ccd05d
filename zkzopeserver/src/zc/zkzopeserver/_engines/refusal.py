"""Requests that get an error instead of an answer.  Pure."""
from __future__ import annotations


class Refusal(Exception):
    """A request that gets an error instead of an answer.

    :ivar status: the status code and reason
    :ivar text: what is wrong, for the body
    """

    def __init__(self, status: str, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text

    def body(self) -> bytes:
        """Return what the client is told."""
        return f'{self.status[4:]}: {self.text}\r\n'.encode('latin-1')


def bad(text: str) -> Refusal:
    """Return the refusal of a malformed request."""
    return Refusal('400 Bad Request', text)


def too_large(limit: int) -> Refusal:
    """Return the refusal of a body that is larger than `limit` bytes."""
    return Refusal('413 Content Too Large',
                   f'the body is larger than {limit} bytes')
