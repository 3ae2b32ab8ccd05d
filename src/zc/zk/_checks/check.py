"""What a check is: text of an option, read.

Pure; `probe` performs it.
"""
from __future__ import annotations

import shlex
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple


HTTP = 'http'
HTTPS = 'https'
TCP = 'tcp'
COMMAND = 'cmd'
NOTIFY = 'notify'
#: What each kind is written as.
FORMS = {HTTP: 'http:/PATH', HTTPS: 'https:/PATH', TCP: 'tcp',
         COMMAND: 'cmd:COMMAND', NOTIFY: 'notify'}


class Check(NamedTuple):
    """How to find out whether a server works.

    :ivar kind: 'http', 'https', 'tcp', 'cmd' or 'notify'
    :ivar path: what to ask for by HTTP
    :ivar command: what to run
    """

    kind: str
    path: str = ''
    command: tuple[str, ...] = ()


def parse(text: str, kinds: Sequence[str] = tuple(FORMS)) -> Check:
    """Read a check.

    :param text: ``http:/PATH``, ``https:/PATH``, ``tcp``, ``cmd:COMMAND``
        or ``notify``
    :param kinds: those that are possible
    :raises ValueError: when it is none
    """
    kind, colon, rest = text.partition(':')
    if kind not in kinds:
        pass
    elif kind in (TCP, NOTIFY) and not colon:
        return Check(kind)
    elif kind in (HTTP, HTTPS) and colon:
        if not rest.startswith('/') or rest.startswith('//'):
            raise ValueError(
                f'{kind}:/PATH is needed, not {text!r}: the host and port '
                'are those of the server')
        if not (rest.isascii() and rest.isprintable()) or ' ' in rest:
            raise ValueError(
                f'{text!r}: the path must be as in a URL, with % for other '
                'characters')
        return Check(kind, path=rest)
    elif kind == COMMAND and '\0' not in rest:
        try:
            command = tuple(shlex.split(rest))
        except ValueError as e:
            raise ValueError(f'{text!r}: {e}') from None
        if command:
            return Check(kind, command=command)
    *forms, last = [FORMS[each] for each in kinds]
    raise ValueError(
        f'{", ".join(forms)} or {last} is needed, not {text!r}')


def filled(words: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Return words with values filled in for their names in braces.

    Nothing else is changed: braces have a meaning in many commands.
    """
    found = []
    for word in words:
        for name, value in values.items():
            word = word.replace(f'{{{name}}}', value)
        found.append(word)
    return found


def status_of(head: bytes) -> int:
    """Return the status of an HTTP response; 0 if it is none.

    :param head: the first bytes of the response
    """
    words = head.split(b'\r\n', 1)[0].split(None, 2)
    if (len(words) < 2 or not words[0].startswith(b'HTTP/')
            or not words[1].isdigit() or len(words[1]) != 3):
        return 0
    return int(words[1])
