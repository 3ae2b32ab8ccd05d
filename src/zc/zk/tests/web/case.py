"""A page on a server of the test's own, asked without sockets."""
from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase
from zc.zk.web import Application
from zc.zk.web import application


TREE = """
/balancer : ipvs
  site -> /site/providers
  gone -> /nowhere/providers
  /pool
    greeting => /site
    its_secret => /site password
  /providers
/site : wsgi
  greeting = 'Hello'
  password = 'sesame'
  settings = {'depth': 1, 'api_key': 'open'}
  /providers
    /10.0.0.1:80
      pid = 7
      version = '1.2'
      monitor = '10.0.0.1:5000'
"""

Headers = Sequence[tuple[str, str]]


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a document."""
        return json.loads(self.body)


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any) -> Any:
        """Run something, and return what it returns."""
        return asyncio.run_coroutine_threadsafe(
            coroutine, self.loop).result(60)

    def close(self) -> None:
        """End it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(60)
        self.loop.close()


class Listener:
    """One that listens to the stream.

    :param reads: whether it takes what comes; it can be set later
    """

    def __init__(self, page: Any, scope: dict[str, Any], loop: Loop) -> None:
        self._loop = loop
        self._leaving: asyncio.Event
        self.reads: asyncio.Event
        self.status = 0
        self.bytes = b''
        self.ended = threading.Event()

        async def prepare() -> None:
            self._leaving, self.reads = asyncio.Event(), asyncio.Event()
            self.reads.set()

        loop.run(prepare())

        async def serve() -> None:
            try:
                await page(scope, self._receive, self._send)
            finally:
                self.ended.set()

        asyncio.run_coroutine_threadsafe(serve(), loop.loop)

    async def _receive(self) -> dict[str, Any]:
        await self._leaving.wait()
        return {'type': 'http.disconnect'}

    async def _send(self, message: Any) -> None:
        if message['type'] == 'http.response.start':
            self.status = message['status']
            return
        await self.reads.wait()
        self.bytes += message.get('body', b'')

    def pause(self) -> None:
        """Take nothing more."""
        self._loop.loop.call_soon_threadsafe(self.reads.clear)

    def leave(self) -> None:
        """Close the connection, and wait for the end."""
        self._loop.loop.call_soon_threadsafe(self._leaving.set)
        self.ended.wait(60)

    def messages(self) -> list[tuple[str, Any, str | None]]:
        """Return names, documents and ids of what came."""
        found = []
        for block in self.bytes.decode('ascii').split('\n\n')[:-1]:
            fields = dict(line.split(': ', 1) for line in block.split('\n'))
            if 'event' in fields:
                found.append((fields['event'], json.loads(fields['data']),
                              fields.get('id')))
        return found

    def wait(self, name: str, **parts: Any) -> Any:
        """Wait for a message with such parts, and return its document."""
        def look() -> list[Any]:
            return [document for each, document, _ in self.messages()
                    if each == name and all(
                        document.get(key) == value
                        for key, value in parts.items())]
        return wait_for(look, f'{name} {parts}')[-1]

    def wait_event(self, what: str, path: str) -> Any:
        """Wait for an event, and return it."""
        return wait_for(
            lambda: [event for name, document, _ in self.messages()
                     if name == 'changes' for event in document['events']
                     if (event['what'], event['path']) == (what, path)],
            f'{what} {path}')[0]


class PageCase(ServerCase):
    """Asks a page.

    :cvar options: of the application
    """

    tree = TREE
    options: dict[str, Any] = {}

    def setUp(self) -> None:
        super().setUp()
        self.zk.import_tree(self.tree)
        self.loop = Loop()
        self.addCleanup(self.loop.close)
        self.page = self.serve(**self.options)

    def serve(self, **options: Any) -> Application:
        """Return an application, closed at the end of the test."""
        page = application(self.zk, **options)
        self.addCleanup(page.close)
        page.picture.wait(30)
        return page

    def scope(
        self,
        path: str,
        method: str = 'GET',
        headers: Headers = (),
        peer: str = '127.0.0.1',
        host: str | None = 'localhost:8080',
        root: str = '',
    ) -> dict[str, Any]:
        """Return what an ASGI server tells of a request."""
        path, _, query = path.partition('?')
        there = [] if host is None else [('host', host)]
        return {
            'type': 'http', 'asgi': {'version': '3.0'}, 'http_version': '1.1',
            'method': method, 'scheme': 'http', 'path': root + path,
            'raw_path': (root + path).encode('utf-8'), 'root_path': root,
            'query_string': query.encode('utf-8'),
            'headers': [(name.lower().encode('latin-1'),
                         value.encode('latin-1'))
                        for name, value in [*there, *headers]],
            'client': (peer, 40000), 'server': ('127.0.0.1', 8080)}

    def ask(
        self,
        path: str,
        method: str = 'GET',
        headers: Headers = (),
        body: bytes = b'',
        page: Any = None,
        **options: Any,
    ) -> Reply:
        """Return the reply to a request."""
        scope = self.scope(path, method, headers, **options)
        parts: list[Any] = []
        chunks = [body[place:place + 65536]
                  for place in range(0, len(body), 65536)] or [b'']

        async def receive() -> dict[str, Any]:
            chunk = chunks.pop(0)
            return {'type': 'http.request', 'body': chunk,
                    'more_body': bool(chunks)}

        async def send(message: Any) -> None:
            parts.append(message)

        self.loop.run((page or self.page)(scope, receive, send))
        headers_ = {name.decode('latin-1'): value.decode('latin-1')
                    for name, value in parts[0]['headers']}
        return Reply(parts[0]['status'], headers_, b''.join(
            part.get('body', b'') for part in parts[1:]))

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """Return a document of the interface."""
        reply = self.ask(f'/api/v1/{path}', **options)
        self.assertEqual(status, reply.status, reply.body)
        return reply.json

    def post(
        self, name: str, document: Any, status: int = 200, **options: Any
    ) -> Any:
        """Ask for a change, as the page does."""
        token = self.get('status', **options).get('csrf', '')
        reply = self.ask(
            f'/api/v1/{name}', 'POST', [
                ('content-type', 'application/json'),
                ('x-csrf-token', token),
                ('origin', 'http://localhost:8080')],
            json.dumps(document).encode('utf-8'), **options)
        self.assertEqual(status, reply.status, reply.body)
        return reply.json

    def listen(self, query: str = '', headers: Headers = ()) -> Listener:
        """Listen to the stream."""
        found = Listener(
            self.page, self.scope(f'/api/v1/stream{query}', headers=headers),
            self.loop)
        self.addCleanup(found.leave)
        found.wait('status')
        return found
