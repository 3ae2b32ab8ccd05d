"""The text of one option to its value.

Pure, but for the files and environment variables that an option names.
Each function takes the text and returns the value, or raises ValueError
with what is wanted instead; none knows the option's name.
"""
from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import zc.zk
import zc.zk.checks


_TRUE = ('true', 'yes', 'on', 'y', 't', '1')
_FALSE = ('false', 'no', 'off', 'n', 'f', '0')
#: What no password is: a variable's name of several words.
_VARIABLE = re.compile(r'[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$').match
_SIZE = re.compile(r'(\d{1,15})\s*([kmg]?)b?$', re.IGNORECASE)
_SCALE = {'': 1, 'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30}
_TIME = re.compile(r'(\d{1,9}(?:\.\d{1,9})?)[ \t]{0,9}(ms|s|min)?', re.ASCII)
_SECONDS = {'ms': 0.001, 's': 1.0, 'min': 60.0}
_LONG = {'ms': 'milliseconds', 's': 'seconds'}

# In milliseconds.  ZooKeeper's own limit is twice its tick, which nobody
# has below a tenth of a second.
SHORTEST_SESSION = 100


# In seconds: what is less is no check but an attack.
SHORTEST_INTERVAL = 0.01


class Address(NamedTuple):
    """A host and a port, either of which may be left open.

    :ivar host: a name or address, without brackets; empty when left open
    :ivar port: the TCP port, or None when left open
    """

    host: str
    port: int | None


class Secret(NamedTuple):
    """Credentials for ZooKeeper, which no repr or message ever shows.

    :ivar auth: (scheme, credential) pairs for ZooKeeper's addauth
    :ivar sasl: kazoo's SASL options, or None
    """

    auth: tuple[tuple[str, str], ...] = ()
    sasl: dict[str, str] | None = None

    def __repr__(self) -> str:
        return 'Secret(...)'


def text(value: str) -> str:
    """Return `value`, which must not be empty."""
    value = value.strip()
    if not value:
        raise ValueError('it is empty')
    return value


def boolean(value: str) -> bool:
    """Return a truth value, in the words that PasteDeploy knows."""
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f'true or false is needed, not {value!r}')


def integer(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a parser of whole numbers from `low` to `high`."""
    wanted = (f'a whole number from {low} to {high}' if high is not None
              else f'a whole number of at least {low}')

    def parse(value: str) -> int:
        word = value.strip()
        if not re.fullmatch(r'-?\d{1,18}', word, re.ASCII):
            raise ValueError(f'{wanted} is needed, not {value!r}')
        number = int(word)
        if number < low or (high is not None and number > high):
            raise ValueError(f'{wanted} is needed, not {value!r}')
        return number

    return parse


def seconds(value: str) -> float:
    """Return a time in seconds, zero or more; it may have a unit."""
    return _time(value, 's')


def interval(value: str) -> float:
    """Return a time in seconds, above zero; it may have a unit."""
    found = _time(value, 's')
    if found < SHORTEST_INTERVAL:
        raise ValueError(f'at least {SHORTEST_INTERVAL:g} s are needed, not '
                         f'{value!r}')
    return found


def session_timeout(value: str) -> int:
    """Return a time in milliseconds; it may have a unit.

    A bare number is milliseconds, as ever, and easily meant as seconds.
    """
    found = _time(value, 'ms') * 1000
    if found < SHORTEST_SESSION:
        word = value.strip()
        hint = (f'; is {word} s meant?'
                if found and not word[-1].isalpha() else '')
        raise ValueError(
            f'{found:g} milliseconds are too short for a session{hint}')
    return round(found)


def _time(value: str, unit: str) -> float:
    """Return a time in seconds, given in `unit` or in its own."""
    found = _TIME.fullmatch(value.strip())
    if not found:
        raise ValueError(
            f'a time in {_LONG[unit]} is needed, or one with a unit '
            f'(500 ms, 1.5 s, 2 min), not {value!r}')
    return float(found[1]) * _SECONDS[found[2] or unit]


def size(value: str) -> int:
    """Return a number of bytes; ``64k``, ``16M`` and ``1G`` are understood."""
    found = _SIZE.match(value.strip())
    if not found or not int(found.group(1)):
        raise ValueError(
            f'a size in bytes is needed (8192, 64k, 16M), not {value!r}')
    return int(found.group(1)) * _SCALE[found.group(2).lower()]


def host(value: str) -> str:
    """Return a host to listen on; IPv6 may stand in brackets."""
    value = value.strip()
    if value.startswith('[') and value.endswith(']'):
        value = value[1:-1]
    try:
        value.encode('idna')
        bad = bool(re.search(r'[\s/\[\]\0]', value))
    except UnicodeError:        # a part is empty, or too long
        bad = True
    if bad:
        raise ValueError(f'{value!r} is not a host name or an address')
    if re.fullmatch(r'[^:]*:\d*', value):
        raise ValueError(
            f'{value!r} is more than a host: the port is an option of its own')
    return value


def node_path(value: str) -> str:
    """Return the path of a node."""
    value = text(value)
    if value[0] != '/':
        raise ValueError(f"{value!r} must start with '/'")
    if value != '/':
        value = value.rstrip('/')
    if '//' in value or not value:
        raise ValueError("'//' is not allowed in a path")
    return value


def listen_address(value: str) -> Address | str:
    """Return HOST:PORT, or the path of a Unix-domain socket.

    An empty host means all interfaces, as in ``:8001``; a port alone is
    for this machine.
    """
    value = text(value)
    if '/' in value:
        return value
    if value.isascii() and value.isdigit():
        value = f'127.0.0.1:{value}'
    name, port = zc.zk.parse_addr(value)
    return Address(host(name), port)


def advertised(value: str) -> tuple[Address, ...]:
    """Return addresses to register, separated by blanks or commas."""
    found = tuple(_advertised_one(word)
                  for word in re.split(r'[\s,]+', value.strip()) if word)
    if not found:
        raise ValueError('it is empty')
    return found


def _advertised_one(word: str) -> Address:
    bare = word
    if re.fullmatch(r'\[[^\[\]]+\]', word):
        bare = word[1:-1]
    if bare != word or ':' not in word:
        name = host(bare)
        if not name:
            raise ValueError(f'{word!r} is not an address')
        return Address(name, None)
    name, port = zc.zk.parse_addr(word)
    if not port:
        raise ValueError(f'{word!r}: port 0 cannot be reached')
    return Address(name, port)


def check(value: str) -> zc.zk.checks.Check:
    """Return how to find out whether the server works."""
    found = zc.zk.checks.parse(text(value), (
        zc.zk.checks.HTTP, zc.zk.checks.TCP, zc.zk.checks.COMMAND))
    if found.kind == zc.zk.checks.TCP and not zc.zk.checks.available():
        raise ValueError('tcp proves nothing here, since the system accepts '
                         'connections by itself; give http:/PATH')
    return found


def properties(value: str) -> dict[str, Any]:
    """Return properties written as in the text of a tree, one a line."""
    lines = [line.strip() for line in value.splitlines()]
    if any(line.startswith('/') for line in lines):
        raise ValueError('only properties can stand here, no nodes')
    text = '/it\n' + ''.join(f'  {line}\n' for line in lines)
    try:
        tree: Any = zc.zk.parse_tree(text)
    except zc.zk.TreeSyntaxError as e:
        # Its own line, not that of the text around it
        raise ValueError(f'{lines[e.line - 2]!r}: {e.message}') from None
    node = tree.children['it']
    for name in node.properties:
        if name in ('pid', 'monitor'):
            raise ValueError(f'the property {name} is set by the server')
    return dict(node.properties)


def readable_file(value: str) -> str:
    """Return the path of a file that can be read."""
    value = text(value)
    try:
        with open(value, 'rb'):
            pass
    except OSError as e:
        raise ValueError(f'cannot read {value!r}: {e.strerror}') from None
    return value


def secret(value: str) -> Secret:
    """Return credentials from ``file:NAME`` or ``env:NAME``.

    A line is ``USER:PASSWORD`` (the digest scheme), ``SCHEME CREDENTIAL``,
    or ``sasl USER:PASSWORD``.  No message shows what was read, nor what
    stands in the option where it could be a password: in neither form, or
    as the name of a file whose directory is not there.
    """
    kind, colon, name = value.strip().partition(':')
    if kind == 'file' and name:
        try:
            with open(name, encoding='utf-8') as stream:
                found = stream.read()
        except OSError as e:
            directory = os.path.dirname(name)
            known = directory != '/' and os.path.isdir(directory)
            shown = repr(name) if known else 'the file that file: names'
            raise ValueError(f'cannot read {shown}: {e.strerror}') from None
        except UnicodeDecodeError:
            raise ValueError(f'{name!r} is not UTF-8 text') from None
    elif kind == 'env' and name:
        if name not in os.environ:
            shown = (name if _VARIABLE(name)
                     else 'variable of the name that follows env:')
            raise ValueError(f'the environment has no {shown}')
        found = os.environ[name]
    else:
        raise ValueError('give file:NAME or env:NAME; a password does not '
                         'belong in this file')
    return _credentials(found, name)


def _credentials(found: str, source: str) -> Secret:
    auth: list[tuple[str, str]] = []
    sasl: dict[str, str] | None = None
    for line in found.splitlines():
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        scheme, blank, credential = line.partition(' ')
        if not blank:
            scheme, credential = 'digest', line
        credential = credential.strip()
        user, colon, password = credential.partition(':')
        if scheme in ('digest', 'sasl') and not (colon and user):
            raise ValueError(f'{source!r} must hold USER:PASSWORD')
        if scheme == 'sasl':
            sasl = {'mechanism': 'DIGEST-MD5',
                    'username': user, 'password': password}
        else:
            auth.append((scheme, credential))
    if not auth and sasl is None:
        raise ValueError(f'{source!r} holds no credentials')
    return Secret(tuple(auth), sasl)
