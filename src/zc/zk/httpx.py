"""Requests to a service by its name, with httpx (extra ``httpx``).

::

    client = httpx.Client(
        mounts={'http://fooservice': zc.zk.httpx.Transport(providers)})
    client.get('http://fooservice/')

Each request goes to a provider that is chosen for it, and to another one
when it cannot be reached or closes the connection.  What holds for all
clients of HTTP stands in docs/http.rst.

Runs in the thread, or the event loop, that sends a request, and in the one
that calls callbacks when providers come or go.
"""
from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from ._aio.providers import Providers as AioProviders
from ._discovery.providers import Providers
from ._http.attempts import Attempt
from ._http.attempts import Attempts
from ._http.attempts import Fault
from ._http.following import follow
from ._http.limits import Limits
from ._http.pools import Kept
from ._http.pools import Pools
from .errors import NoProviders


try:
    import httpx
except ImportError as e:
    raise ImportError(
        'zc.zk.httpx needs httpx: install zc.zk[httpx]') from e


__all__ = ['AsyncTransport', 'Transport']


class _Common:
    """What both transports do before and after they send."""

    def __init__(
        self,
        providers: Providers | AioProviders,
        make: Callable[..., Any],
        limits: Limits,
        server_hostname: str | None,
        options: dict[str, Any],
    ) -> None:
        for name in 'proxy', 'uds':
            if options.get(name) is not None:
                raise TypeError(
                    f'{name} makes no sense here: requests go to the '
                    'addresses of providers')
        # Made once: it takes longer than a request.
        verify = httpx.create_ssl_context(
            verify=options.pop('verify', True),
            cert=options.pop('cert', None),
            trust_env=options.get('trust_env', True))
        self._providers = providers
        self._limits = limits.checked()
        self._server_hostname = server_hostname
        self._pools: Pools[Any] = Pools(
            lambda: make(verify=verify, **options))
        # Wrong options are told now, not at the first request.
        self._pools.take('')
        self._pools.clear()
        follow(providers, self)

    def _changed(self) -> None:
        raise NotImplementedError

    def _attempts(self, request: httpx.Request, body: _Body) -> Attempts:
        return Attempts(
            self._providers, request.method, _fault,
            lambda: body.repeatable, time.monotonic, self._limits)

    def _addressed(
        self, request: httpx.Request, body: _Body, attempt: Attempt
    ) -> httpx.Request:
        """Return the request as it is sent to a provider.

        The header Host stays the one of the service.
        """
        host, port = attempt.address
        name = self._server_hostname or request.url.raw_host.decode('ascii')
        return httpx.Request(
            request.method, request.url.copy_with(host=host, port=port),
            headers=request.headers, stream=body,
            extensions={'sni_hostname': name, **request.extensions})


class Transport(_Common, httpx.BaseTransport):
    """Sends requests to a service's providers.

    Mount it at the service's name; as a client's only transport, it would
    also get the requests to other hosts, as redirects lead to them.

    :param providers: of the service
    :param attempts: how often a request is sent at most
    :param deadline: seconds after which a request is not sent again
    :param server_hostname: which name to ask for in TLS, and to find in
        the certificate; by default, the one in the URL
    :param options: as `httpx.HTTPTransport` takes them; ``limits`` holds for
        each provider
    """

    def __init__(
        self,
        providers: Providers,
        *,
        attempts: int = Limits().attempts,
        deadline: float | None = Limits().deadline,
        server_hostname: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            providers, httpx.HTTPTransport,
            Limits(attempts=attempts, deadline=deadline), server_hostname,
            options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; `httpx.Client` calls this."""
        body = _Body(request.stream)
        attempts = self._attempts(request, body)
        try:
            while True:
                with attempts.next() as attempt:
                    response = self._send(
                        attempt, self._addressed(request, body, attempt))
                    attempt.answered(response.status_code)
                    return response
        except NoProviders as e:
            raise httpx.ConnectError(str(e), request=request) from e

    def _send(
        self, attempt: Attempt, request: httpx.Request
    ) -> httpx.Response:
        kept = self._pools.take(attempt.provider.name)
        try:
            response: httpx.Response = kept.value.handle_request(request)
        except BaseException:
            self._give(kept)
            raise
        response.stream = _Answer(response.stream, lambda: self._give(kept))
        return response

    def _give(self, kept: Kept[httpx.HTTPTransport]) -> None:
        if self._pools.give(kept, self._providers):
            kept.value.close()

    def _changed(self) -> None:
        for transport in self._pools.sweep(self._providers):
            transport.close()

    def close(self) -> None:
        """Close all connections; the providers stay."""
        for transport in self._pools.clear():
            transport.close()


class AsyncTransport(_Common, httpx.AsyncBaseTransport):
    """Sends requests to a service's providers, in an event loop.

    Its arguments are those of `Transport`, and the providers may be those
    of `zc.zk.aio`; the options are those of `httpx.AsyncHTTPTransport`.
    """

    def __init__(
        self,
        providers: Providers | AioProviders,
        *,
        attempts: int = Limits().attempts,
        deadline: float | None = Limits().deadline,
        server_hostname: str | None = None,
        **options: Any,
    ) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._outdated = False
        super().__init__(
            providers, httpx.AsyncHTTPTransport,
            Limits(attempts=attempts, deadline=deadline), server_hostname,
            options)

    async def handle_async_request(
        self, request: httpx.Request
    ) -> httpx.Response:
        """Send a request; `httpx.AsyncClient` calls this."""
        with contextlib.suppress(RuntimeError):     # trio runs
            self._loop = asyncio.get_running_loop()
        await self._sweep()
        body = _Body(request.stream)
        attempts = self._attempts(request, body)
        try:
            while True:
                with attempts.next() as attempt:
                    response = await self._send(
                        attempt, self._addressed(request, body, attempt))
                    attempt.answered(response.status_code)
                    return response
        except NoProviders as e:
            raise httpx.ConnectError(str(e), request=request) from e

    async def _send(
        self, attempt: Attempt, request: httpx.Request
    ) -> httpx.Response:
        kept = self._pools.take(attempt.provider.name)
        try:
            response: httpx.Response = (
                await kept.value.handle_async_request(request))
        except BaseException:
            await self._give(kept)
            raise
        response.stream = _AsyncAnswer(
            response.stream, lambda: self._give(kept))
        return response

    async def _give(self, kept: Kept[httpx.AsyncHTTPTransport]) -> None:
        if self._pools.give(kept, self._providers):
            await kept.value.aclose()

    def _changed(self) -> None:
        # Another thread than the loop's calls this.  Without asyncio, the
        # next request closes what is to be closed.
        self._outdated = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):     # it is closed
                self._loop.call_soon_threadsafe(self._sweep_soon)

    def _sweep_soon(self) -> None:
        task = asyncio.ensure_future(self._sweep())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _sweep(self) -> None:
        if self._outdated:
            self._outdated = False
            for transport in self._pools.sweep(self._providers):
                await transport.aclose()

    async def aclose(self) -> None:
        """Close all connections; the providers stay."""
        for transport in self._pools.clear():
            await transport.aclose()


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request's body, which knows whether it can be sent again.

    Only bytes can.  A file that is read again would give its rest, and not
    even a generator's exhaustion shows.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._begun = False

    @property
    def repeatable(self) -> bool:
        return not self._begun or isinstance(self._stream, httpx.ByteStream)

    def __iter__(self) -> Iterator[bytes]:
        self._begun = True
        return iter(self._stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._begun = True
        aiter: AsyncIterator[bytes] = self._stream.__aiter__()
        return aiter


class _Answer(httpx.SyncByteStream):
    """An answer's body, at whose end the connection is given back."""

    def __init__(self, stream: Any, done: Callable[[], None]) -> None:
        self._stream = stream
        self._done: Callable[[], None] | None = done

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            done, self._done = self._done, None
            if done is not None:
                done()


class _AsyncAnswer(httpx.AsyncByteStream):
    """The same in an event loop."""

    def __init__(self, stream: Any, done: Callable[[], Any]) -> None:
        self._stream = stream
        self._done: Callable[[], Any] | None = done

    def __aiter__(self) -> AsyncIterator[bytes]:
        aiter: AsyncIterator[bytes] = self._stream.__aiter__()
        return aiter

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            done, self._done = self._done, None
            if done is not None:
                await done()


def _fault(error: BaseException) -> Fault:
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return Fault.UNREACHED
    if isinstance(error, (httpx.ReadTimeout, httpx.WriteTimeout)):
        return Fault.LATE
    if isinstance(error, httpx.NetworkError):
        return Fault.CLOSED
    if isinstance(error, httpx.RemoteProtocolError):
        # If the answer is no HTTP, httpcore wraps the parser's error.
        wrapped = getattr(error.__cause__, 'args', ())[:1]
        if wrapped and isinstance(wrapped[0], Exception):
            return Fault.OTHER
        return Fault.CLOSED
    # The time limit of a pool, bad requests, errors of the body's maker.
    return Fault.OWN
