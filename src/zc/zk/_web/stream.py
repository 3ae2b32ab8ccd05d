"""The stream of one reader, as server-sent events (HTML, section 9.2).

Runs in an event loop.  It must not know what the messages mean.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.datastructures import QueryParams
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from .hub import Full
from .hub import Hub
from .hub import Stream
from .hub import encode


#: Seconds of silence after which the state is told: the page takes a stream
#: that is silent for longer for dead.
BEAT = 15.0
#: What a browser waits before it comes again, in milliseconds.
RETRY = 2_000


class EventStream:
    """Answers those who want to be told of what happens.

    :param hub: has all streams
    :param missed: given the number of the last event that a reader knows,
        returns the number of the newest and the messages in between
    :param refuse: answers a request that cannot be served
    """

    def __init__(
        self,
        hub: Hub,
        missed: Callable[[int | None], tuple[int, list[tuple[str, Any]]]],
        refuse: Callable[[int, str], Any],
    ) -> None:
        self._hub = hub
        self._missed = missed
        self._refuse = refuse

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope['method'] != 'GET':
            # As an application, it gets what routes would refuse.
            await self._refuse(405, 'a stream can only be read')(
                scope, receive, send)
            return
        try:
            since = _since(scope)
        except ValueError:
            await self._refuse(400, 'since must be the id of an event')(
                scope, receive, send)
            return
        try:
            stream = self._hub.open()
        except Full:
            await self._refuse(503, 'too many pages are open')(
                scope, receive, send)
            return
        try:
            # What is published meanwhile waits already.
            newest, missed = await asyncio.to_thread(self._missed, since)
            stream.knows(newest)
            status = await asyncio.to_thread(self._hub.status)
            first = [f'retry: {RETRY}\n\n'.encode('ascii'),
                     encode('status', status)]
            first += [encode(name, document, newest
                             if name in ('changes', 'reload') else None)
                      for name, document in missed]
            await self._serve(stream, b''.join(first), receive, send)
        finally:
            self._hub.close(stream)

    async def _serve(
        self, stream: Stream, first: bytes, receive: Receive, send: Send
    ) -> None:
        await send({'type': 'http.response.start', 'status': 200, 'headers': [
            (b'content-type', b'text/event-stream; charset=utf-8'),
            # Proxies that gather what they pass on would hold it back.
            (b'x-accel-buffering', b'no')]})
        # One that does not read holds up `send`: so whether to drop it is
        # looked at beside that.
        tasks = [asyncio.create_task(each) for each in (
            self._send_all(stream, first, send), _gone(receive),
            stream.dropped.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_all(
        self, stream: Stream, first: bytes, send: Send
    ) -> None:
        body = first
        while True:
            await send({'type': 'http.response.body', 'body': body,
                        'more_body': True})
            body = await stream.take(BEAT) or encode(
                'status', await asyncio.to_thread(self._hub.status))


async def _gone(receive: Receive) -> None:
    """Wait until the reader has gone."""
    while (await receive())['type'] != 'http.disconnect':
        pass


def _since(scope: Scope) -> int | None:
    """Return the number of the last event that a reader knows.

    What the browser remembers is newer than what the address says.
    """
    text = Headers(scope=scope).get('last-event-id') or QueryParams(
        scope['query_string']).get('since') or ''
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValueError(text)
    return int(text)
