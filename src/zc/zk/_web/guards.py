"""Who may ask what: hosts, origins, tokens, proxies, and headers of replies.

Pure.  A browser runs scripts of pages from anywhere, in the reader's name:
what is checked here is that a request is the page's own.
"""
from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple


#: The name of the cookie that stands for the token.
COOKIE = 'zczk'
#: The least length of a token: one that nobody finds by trying.
TOKEN_LENGTH = 16
#: The header by which a trusted proxy says who asks.
USER_HEADER = 'x-forwarded-user'

#: Nothing comes from elsewhere, nothing inline runs, nobody frames it.
HEADERS: Mapping[str, str] = {
    'Content-Security-Policy': (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"),
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    # With `no-referrer`, a browser sends `Origin: null` with our own form.
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Asked(NamedTuple):
    """What the checks need to know of a request.

    :ivar headers: by name in lower case; one that came more than once has
        all its values
    :ivar peer: the address that it came from, or empty
    """

    method: str
    headers: Mapping[str, Sequence[str]]
    peer: str
    scheme: str

    def one(self, name: str) -> str:
        """Return the value of a header, empty if there is none, or more."""
        values = self.headers.get(name, ())
        return values[0] if len(values) == 1 else ''


class Refusal(NamedTuple):
    """Why a request is refused."""

    status: int
    error: str


class Guard:
    """Checks of requests.

    :param hosts: names that the page has, beside ``localhost``; numeric
        addresses are always right, since no name server gives them out
    :param token: what readers must know; None: nothing
    :param proxies: the addresses of proxies that are trusted
    :param user_header: by which they say who asks
    """

    def __init__(
        self,
        hosts: Collection[str] = (),
        token: str | None = None,
        proxies: Sequence[Network] = (),
        user_header: str = USER_HEADER,
    ) -> None:
        if token is not None and len(token) < TOKEN_LENGTH:
            raise ValueError(
                f'a token needs {TOKEN_LENGTH} characters or more')
        self._hosts = {'localhost', *map(str.lower, hosts)}
        self._token = token
        self._proxies = tuple(proxies)
        self._user_header = user_header.lower()

    def refusal(self, asked: Asked) -> Refusal | None:
        """Return why a request is not the page's own, or None."""
        if len(asked.headers.get('host', ())) != 1:
            return Refusal(400, 'one Host header is needed')
        host = asked.one('host')
        if not self._is_ours(host):
            return Refusal(
                403, 'this page has another name; start it with the name '
                'that you use for it (--name)')
        origins = asked.headers.get('origin', ())
        if origins and (len(origins) > 1 or not _same(origins[0], host)):
            return Refusal(403, 'the request comes from another page')
        if asked.one('sec-fetch-site') in ('cross-site', 'same-site') and not (
                asked.method == 'GET'
                and asked.one('sec-fetch-mode') == 'navigate'
                and asked.one('sec-fetch-dest') in ('document', '')):
            return Refusal(403, 'the request comes from another page')
        return None

    def user(self, asked: Asked) -> str | None:
        """Return who asks, or None if that one may not.

        :returns: what a trusted proxy says, or the address
        """
        if self._proxies and self._is_proxy(asked.peer):
            named = asked.one(self._user_header)
            if named:
                return named
        if self._token is None:
            return None if self._proxies else asked.peer or 'someone'
        bearer = asked.one('authorization')
        if bearer[:7].lower() == 'bearer ' and self.knows(bearer[7:].strip()):
            return asked.peer or 'someone'
        for line in asked.headers.get('cookie', ()):
            for pair in line.split(';'):
                name, _, value = pair.strip().partition('=')
                if name == COOKIE and _equal(value, self.cookie()):
                    return asked.peer or 'someone'
        return None

    def knows(self, token: str) -> bool:
        """Tell whether a text is the token."""
        return self._token is not None and _equal(token, self._token)

    @property
    def has_token(self) -> bool:
        """Whether there is a token that lets readers in."""
        return self._token is not None

    def cookie(self) -> str:
        """Return the value of the cookie for those who know the token."""
        assert self._token is not None
        return hmac.new(
            self._token.encode('utf-8'), b'zczk web', hashlib.sha256
        ).hexdigest()

    def _is_ours(self, host: str) -> bool:
        name = _host_name(host)
        if name is None:
            return False
        if name.startswith('['):
            return _is_address(name[1:-1])
        return name in self._hosts or _is_address(name)

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer.partition('%')[0])
        except ValueError:
            return False
        mapped = getattr(address, 'ipv4_mapped', None)
        return any(address in each or (mapped is not None and mapped in each)
                   for each in self._proxies)


def networks(texts: Sequence[str]) -> list[Network]:
    """Return the networks, or single addresses, that texts name.

    :raises ValueError: when one is neither
    """
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def is_loopback(host: str) -> bool:
    """Tell whether nobody outside this machine reaches an address."""
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_name(host: str) -> str | None:
    """Return the name in a Host header, in lower case, or None."""
    host = host.lower()
    if host.startswith('['):
        name, bracket, port = host.partition(']')
        name += bracket
        if not bracket or (port and not port.startswith(':')):
            return None
        port = port[1:]
    else:
        name, _, port = host.partition(':')
    if port and not (port.isascii() and port.isdigit()):
        return None
    return name or None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _same(origin: str, host: str) -> bool:
    """Tell whether an Origin is that of the page at `host`."""
    scheme, separator, rest = origin.lower().partition('://')
    if not separator or scheme not in ('http', 'https'):
        return False
    port = ':443' if scheme == 'https' else ':80'
    return rest.removesuffix(port) == host.lower().removesuffix(port)


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(
        given.encode('utf-8', 'surrogateescape'), wanted.encode('utf-8'))
