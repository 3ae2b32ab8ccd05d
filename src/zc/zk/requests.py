"""Requests to a service by its name, with requests (extra ``requests``).

::

    session = requests.Session()
    session.mount('http://fooservice/', zc.zk.requests.Adapter(providers))
    session.get('http://fooservice/')

Each request goes to a provider that is chosen for it, and to another one
when it cannot be reached or closes the connection.  What holds for all
clients of HTTP stands in docs/http.rst.

Runs in the thread that sends a request, and in the callback thread when
providers come or go.
"""
from __future__ import annotations

import http.client
import sys
import time
import urllib.parse
from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from ._discovery.providers import Providers
from ._http.attempts import Attempt
from ._http.attempts import Attempts
from ._http.attempts import Fault
from ._http.following import follow
from ._http.limits import ANSWER_TIMEOUT
from ._http.limits import CONNECT_TIMEOUT
from ._http.limits import Limits
from .errors import NoProviders


try:
    import requests
    import requests.adapters
    import urllib3.exceptions
except ImportError as e:
    raise ImportError(
        'zc.zk.requests needs requests: install zc.zk[requests]') from e


__all__ = ['Adapter']

Address = tuple[str, int]


class Adapter(requests.adapters.HTTPAdapter):
    """Sends requests to a service's providers.

    Mount it at the service's name, with a slash at the end.

    :param providers: of the service
    :param attempts: how often a request is sent at most
    :param deadline: seconds after which a request is not sent again
    :param server_hostname: which name to ask for in TLS, and to find in
        the certificate; by default, the one in the URL
    :param timeout: seconds, or a pair of those for the connection and for
        the answer, for requests that are made without ``timeout``; None
        waits for ever, as requests itself does
    :param pool_maxsize: how many connections to keep to each provider
    :param pool_block: whether to wait when all of them are used
    """

    def __init__(
        self,
        providers: Providers,
        *,
        attempts: int = Limits().attempts,
        deadline: float | None = Limits().deadline,
        server_hostname: str | None = None,
        timeout: float | tuple[float | None, float | None] | None = (
            CONNECT_TIMEOUT, ANSWER_TIMEOUT),
        pool_maxsize: int = requests.adapters.DEFAULT_POOLSIZE,
        pool_block: bool = False,
    ) -> None:
        self._providers = providers
        self._limits = Limits(
            attempts=attempts, deadline=deadline).checked()
        self._server_hostname = server_hostname
        self._timeout = timeout
        # The names of those that there are connections to.
        self._names: dict[Address, str] = {}
        super().__init__(
            # A pool goes with its provider, not because there are many.
            pool_connections=sys.maxsize,
            pool_maxsize=pool_maxsize, pool_block=pool_block)
        follow(providers, self)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request; `requests.Session` calls this.

        Proxies are not asked.
        """
        if timeout is None:
            timeout = self._timeout
        repeatable = isinstance(request.body, (bytes, str, type(None)))
        attempts = Attempts(
            self._providers, request.method or '', _fault,
            lambda: repeatable, time.monotonic, self._limits)
        try:
            while True:
                with attempts.next() as attempt:
                    response = self._send(
                        attempt, request, stream=stream, timeout=timeout,
                        verify=verify, cert=cert)
                    attempt.answered(response.status_code)
                    return response
        except NoProviders as e:
            raise requests.ConnectionError(str(e), request=request) from e

    def _send(
        self,
        attempt: Attempt,
        request: requests.PreparedRequest,
        **options: Any,
    ) -> requests.Response:
        address = attempt.address
        name = self._names[address] = attempt.provider.name
        addressed = request.copy()
        addressed.headers.setdefault(
            'Host', urllib.parse.urlsplit(request.url or '').netloc
            .rpartition('@')[2])
        # For the method that gets nothing but the request.
        addressed.zc_zk_address = address
        try:
            response: requests.Response = super().send(addressed, **options)
        finally:
            # It may have been chosen just before it was gone.
            if name not in self._providers:
                self._close([address])
        response.request = request
        return response

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,
        cert: Any = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Say where to connect to; requests calls this."""
        place, options = super().build_connection_pool_key_attributes(
            request, verify, cert)
        if place['scheme'] == 'https':
            options['server_hostname'] = (
                self._server_hostname or place['host'])
        place['host'], place['port'] = request.zc_zk_address
        return place, options

    def _changed(self) -> None:
        """Close the connections to providers that are gone."""
        gone = [address for address, name in list(self._names.items())
                if name not in self._providers]
        if gone:
            self._close(gone)

    def _close(self, addresses: Collection[Address]) -> None:
        for address in addresses:
            self._names.pop(address, None)
        pools = self.poolmanager.pools
        for key in pools.keys():
            if (key.key_host, key.key_port) in addresses:
                pool = pools.get(key)
                if pool is not None:
                    # Those that are used are closed when they are not.
                    pool.close()
                    pools.pop(key, None)

    def close(self) -> None:
        """Close all connections that are not used; the providers stay."""
        self._close(list(self._names))
        super().close()


def _fault(error: BaseException) -> Fault:
    if isinstance(error, requests.ConnectTimeout):
        return Fault.UNREACHED
    if isinstance(error, requests.ReadTimeout):
        return Fault.LATE
    if isinstance(error, requests.exceptions.SSLError):
        # During the handshake, or later: it does not say.
        return Fault.CLOSED
    if not isinstance(error, requests.ConnectionError):
        return Fault.OWN
    reason = error.args[0] if error.args else None
    reason = getattr(reason, 'reason', reason)
    if isinstance(reason, (urllib3.exceptions.NewConnectionError,
                           urllib3.exceptions.ClosedPoolError)):
        return Fault.UNREACHED
    if isinstance(reason, urllib3.exceptions.ProtocolError):
        # An OSError is wrapped, whoever raised it.  The time-out of a body
        # that the server does not read is one.
        if any(isinstance(each, TimeoutError) for each in reason.args):
            return Fault.LATE
        if any(isinstance(each, ConnectionError) for each in reason.args):
            return Fault.CLOSED
        if any(isinstance(each, http.client.HTTPException)
               for each in reason.args):
            return Fault.OTHER
    return Fault.OWN
