"""What a check is: text from the command line, read.

Pure; `probe` performs it.
"""
from __future__ import annotations

import shlex
from typing import NamedTuple


HTTP = 'http'
HTTPS = 'https'
TCP = 'tcp'
COMMAND = 'cmd'
NOTIFY = 'notify'


class Check(NamedTuple):
    """How to find out whether a server works.

    :ivar kind: 'http', 'https', 'tcp', 'cmd' or 'notify'
    :ivar path: what to ask for by HTTP
    :ivar command: what to run
    """

    kind: str
    path: str = ''
    command: tuple[str, ...] = ()


def parse(text: str) -> Check:
    """Read a check.

    :param text: ``http:/PATH``, ``https:/PATH``, ``tcp``, ``cmd:COMMAND``
        or ``notify``
    :raises ValueError: when it is none
    """
    kind, colon, rest = text.partition(':')
    if kind in (TCP, NOTIFY) and not colon:
        return Check(kind)
    if kind in (HTTP, HTTPS) and colon:
        if not rest.startswith('/') or rest.startswith('//'):
            raise ValueError(
                f'{kind}:/PATH is needed, not {text!r}: the host and port '
                'are those of the server')
        if not (rest.isascii() and rest.isprintable()) or ' ' in rest:
            raise ValueError(
                f'{text!r}: the path must be as in a URL, with % for other '
                'characters')
        return Check(kind, path=rest)
    if kind == COMMAND:
        try:
            command = tuple(shlex.split(rest))
        except ValueError as e:
            raise ValueError(f'{text!r}: {e}') from None
        if command:
            return Check(kind, command=command)
    raise ValueError(
        'http:/PATH, https:/PATH, tcp, cmd:COMMAND or notify is needed, not '
        f'{text!r}')


def status_of(head: bytes) -> int:
    """Return the status of an HTTP response; 0 if it is none.

    :param head: the first bytes of the response
    """
    words = head.split(b'\r\n', 1)[0].split(None, 2)
    if (len(words) < 2 or not words[0].startswith(b'HTTP/')
            or not words[1].isdigit() or len(words[1]) != 3):
        return 0
    return int(words[1])
