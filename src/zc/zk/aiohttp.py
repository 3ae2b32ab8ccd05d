"""Requests to a service by its name, with aiohttp (extra ``aiohttp``).

::

    session = aiohttp.ClientSession(
        middlewares=[zc.zk.aiohttp.Middleware('fooservice', providers)])
    await session.get('http://fooservice/')

Each request goes to a provider that is chosen for it, and to another one
when it cannot be reached or closes the connection.  What holds for all
clients of HTTP stands in docs/http.rst.  Runs in the session's event loop.

It is a middleware, since only that sees a request as a whole: a connector
gives connections and does not learn what becomes of them, and a resolver
answers once for all requests that share a connection.
"""
from __future__ import annotations

import asyncio
import errno
import sys
import time
from collections.abc import Awaitable
from collections.abc import Callable

from ._aio.providers import Providers as AioProviders
from ._discovery.providers import Providers
from ._http.attempts import Attempt
from ._http.attempts import Attempts
from ._http.attempts import Fault
from ._http.limits import ANSWER_TIMEOUT
from ._http.limits import Limits
from .errors import NoProviders


try:
    import aiohttp
except ImportError as e:
    raise ImportError(
        'zc.zk.aiohttp needs aiohttp: install zc.zk[aiohttp]') from e

if sys.version_info >= (3, 11):
    from asyncio import timeout as time_limit
else:
    from async_timeout import timeout as time_limit  # aiohttp has it


__all__ = ['Middleware']

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class Middleware:
    """Sends requests to a service's providers.

    Requests to other hosts pass untouched.

    :param host: the service's name in URLs
    :param providers: of the service, from `zc.zk` or `zc.zk.aio`
    :param attempts: how often a request is sent at most
    :param deadline: seconds after which a request is not sent again
    :param server_hostname: which name to ask for in TLS, and to find in
        the certificate; by default, the one in the URL
    :param timeout: seconds to wait for each answer's headers, or None: as
        long as the session's own time-outs say
    """

    def __init__(
        self,
        host: str,
        providers: Providers | AioProviders,
        *,
        attempts: int = Limits().attempts,
        deadline: float | None = Limits().deadline,
        server_hostname: str | None = None,
        timeout: float | None = ANSWER_TIMEOUT,
    ) -> None:
        self._host = host.lower()
        self._providers = providers
        self._limits = Limits(
            attempts=attempts, deadline=deadline).checked()
        self._server_hostname = server_hostname
        self._timeout = timeout

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: Handler
    ) -> aiohttp.ClientResponse:
        """Send a request; `aiohttp.ClientSession` calls this."""
        url = request.url
        if url.host != self._host:
            return await handler(request)
        # An address is no name that a proxy would know.
        request.update_proxy(None, None, None)
        if request.server_hostname is None:
            request.server_hostname = self._server_hostname or url.raw_host
        attempts = Attempts(
            self._providers, request.method, _fault,
            lambda: isinstance(request.body, (bytes, aiohttp.BytesPayload)),
            time.monotonic, self._limits)
        try:
            while True:
                with attempts.next() as attempt:
                    host, port = attempt.address
                    # The header Host was made of the old one.
                    request.url = url.with_host(host).with_port(port)
                    response = await self._send(attempt, request, handler)
                    attempt.answered(response.status)
                    return response
                # Its body may still be on the way.
                await request.close()
        except NoProviders as e:
            request.url = url
            raise aiohttp.ClientConnectorError(
                request.connection_key,
                OSError(errno.EHOSTUNREACH, str(e))) from e

    async def _send(
        self,
        attempt: Attempt,
        request: aiohttp.ClientRequest,
        handler: Handler,
    ) -> aiohttp.ClientResponse:
        limit = time_limit(self._timeout)
        try:
            async with limit:
                return await handler(request)
        except asyncio.TimeoutError as e:
            expired = limit.expired
            if not (expired() if callable(expired) else expired):
                raise       # the session's own time-out
            raise aiohttp.ServerTimeoutError(
                f'no answer from {attempt.provider.name} within '
                f'{self._timeout:g} s') from e


def _fault(error: BaseException) -> Fault:
    if isinstance(error, (aiohttp.ClientConnectorError,
                          aiohttp.ConnectionTimeoutError)):
        return Fault.UNREACHED
    if isinstance(error, aiohttp.ServerTimeoutError):
        return Fault.LATE
    if isinstance(error, (aiohttp.ServerDisconnectedError,
                          aiohttp.ClientOSError, ConnectionError)):
        return Fault.CLOSED
    if isinstance(error, (aiohttp.ClientResponseError,
                          asyncio.TimeoutError)):
        # An answer that is no HTTP; the end of the time for everything.
        return Fault.OTHER
    return Fault.OWN
