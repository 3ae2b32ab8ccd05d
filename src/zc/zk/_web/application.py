"""The page as an ASGI application: guards first, then the routes.

Runs in an event loop.  What takes long, or waits for ZooKeeper, is done in
threads beside it.
"""
from __future__ import annotations

import asyncio
import hmac
import importlib.metadata
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kazoo.exceptions import KazooException
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from .._doctor import examine
from ..client import ZooKeeper
from ..errors import PathError
from . import openapi
from . import plain
from .asking import Document
from .asking import after_of
from .asking import asked_of
from .asking import error
from .asking import json_of
from .asking import limit_of
from .asking import number_of
from .asking import path_of
from .asking import root_of
from .changing import Changes
from .guards import HEADERS
from .guards import Guard
from .hub import Hub
from .pages import Pages
from .picture import NotRead
from .picture import Picture
from .reading import more_of
from .reading import server_version
from .ring import moment
from .stream import EventStream


#: How many items a list has by default, and how many cards: each of these may
#: have two hundred servers.
LIMIT = 500
CARDS = 100
#: What is known before the tree is.
ALWAYS = ('status', 'openapi.json')
#: The largest body of a request, in bytes: a large tree.
MOST_BODY = 4_000_000
#: How many threads read for requests, and how many write: when ZooKeeper is
#: slow, what is known already is shown all the same.
READERS = 8
WRITERS = 4


class Application:
    """The page, as an ASGI application.

    :param zk: the connection; it is not closed by `close`
    :param guard: who may ask what
    :param changes: whether the tree may be changed
    """

    def __init__(
        self, zk: ZooKeeper, guard: Guard, changes: bool = False
    ) -> None:
        self._zk = zk
        self._guard = guard
        self._changes = Changes(zk)
        self._allowed = changes
        self._csrf = secrets.token_urlsafe(24)
        self._server: str | None = None
        self._version = importlib.metadata.version('zc.zk')
        self._reading = ThreadPoolExecutor(READERS, 'zc.zk.web reads')
        self._writing = ThreadPoolExecutor(WRITERS, 'zc.zk.web writes')
        self._examining = threading.Lock()
        self.hub = Hub()
        self.picture = Picture(zk, self.hub)
        self.hub.status = self._status
        self._app = Starlette(routes=self._routes(), exception_handlers={
            HTTPException: _failed, PathError: _bad_path, NotRead: _not_read})

    def start(self) -> None:
        """Begin to follow the tree."""
        self.picture.start()
        self._reading.submit(self._ask_version)

    def _ask_version(self) -> None:
        self._server = server_version(self._zk)

    def close(self) -> None:
        """End following, and all streams."""
        self.hub.close_all()
        self.picture.close()
        for pool in (self._reading, self._writing):
            pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope['type'] == 'lifespan':
            await _lifespan(receive, send)
            return
        if scope['type'] != 'http':
            await send({'type': 'websocket.close', 'code': 1008})
            return

        async def guarded(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = list(message.get('headers', ()))
                there = {name.lower() for name, _ in headers}
                headers += [
                    (name.lower().encode('ascii'), value.encode('ascii'))
                    for name, value in HEADERS.items()
                    if name.lower().encode('ascii') not in there]
                message = {**message, 'headers': headers}
            await send(message)

        await (self._answer(scope) or self._app)(scope, receive, guarded)

    def _answer(self, scope: Scope) -> Any:
        """Return what answers a request that must not reach the routes."""
        asked = asked_of(scope)
        refused = self._guard.refusal(asked)
        if refused is not None:
            return error(*refused)
        user = self._guard.user(asked)
        scope['zczk.user'] = user
        if user is not None:
            return None
        path = scope['path'].removeprefix(scope.get('root_path', ''))
        if self._guard.has_token and (
                path.startswith('/static/') or path == '/login'):
            return None
        if (self._guard.has_token and asked.method == 'GET'
                and 'text/html' in asked.one('accept')):
            return HTMLResponse(plain.login(root_of(scope), False), 401)
        return error(401, 'this page needs a token'
                      if self._guard.has_token
                      else 'this page is only for those whom the proxy names')

    def _routes(self) -> list[Route]:
        routes = Pages(self.picture, self._guard).routes()
        routes.append(Route('/api/v1/stream', EventStream(
            self.hub, self.picture.missed, error)))
        for name, get in self._documents().items():
            routes.append(Route(f'/api/v1/{name}', self._served(
                get, name not in ALWAYS)))
        for name in self._changes.methods:
            routes.append(Route(
                f'/api/v1/{name}', self._changed(name), methods=['POST']))
        return routes

    def _documents(self) -> dict[str, Callable[[Request], Any]]:
        picture = self.picture
        return {
            'status': lambda request: self._status(),
            'services': lambda request: picture.services(
                after_of(request), limit_of(request, CARDS)),
            'architecture': lambda request: picture.architecture(),
            'node': lambda request: self._node(path_of(request)),
            'children': lambda request: picture.children(
                path_of(request), after_of(request), limit_of(request, LIMIT)),
            'events': lambda request: picture.events(
                number_of(request, 'before'), path_of(request),
                limit_of(request, 200)),
            'search': lambda request: picture.search(
                request.query_params.get('q', '')[:1000], after_of(request),
                limit_of(request, 100)),
            'secret': self._secret,
            'doctor': self._doctor,
            'openapi.json': lambda request: openapi.description(
                root_of(request.scope)),
        }

    def _served(self, get: Callable[[Request], Any], waits: bool) -> Any:
        """Return an endpoint that answers with a document.

        :param waits: whether to wait until the tree was read
        """
        def make(request: Request) -> Response:
            if waits:
                self.picture.wait()
            return Document(get(request))

        async def endpoint(request: Request) -> Response:
            return await asyncio.get_running_loop().run_in_executor(
                self._reading, make, request)

        return endpoint

    def _changed(self, name: str) -> Any:
        """Return an endpoint that makes a change."""
        async def endpoint(request: Request) -> Response:
            if not self._allowed:
                raise HTTPException(
                    403, 'changes are not allowed; start the page with '
                    '--allow-changes')
            given = request.headers.get('x-csrf-token', '')
            if not hmac.compare_digest(
                    given.encode('latin-1'), self._csrf.encode('ascii')):
                raise HTTPException(
                    403, 'the header X-CSRF-Token is needed, as the status '
                    'tells it; load the page again')
            asked = await json_of(request, MOST_BODY)
            status, document = await asyncio.get_running_loop(
                ).run_in_executor(
                    self._writing, self._changes.make, name, asked,
                    request.scope['zczk.user'])
            return Document(document, status)

        return endpoint

    # Documents

    def _status(self) -> dict[str, Any]:
        client = self._zk.client
        status = {
            **self.picture.status(),
            'ensemble': ','.join(
                f'{host}:{port}' for host, port in client.hosts)
            + client.chroot,
            'zookeeper': self._server, 'version': self._version,
            'changes': self._allowed}
        if self._allowed:
            status['csrf'] = self._csrf
        return status

    def _node(self, path: str) -> dict[str, Any]:
        node = self.picture.node(path)
        if node['exists']:
            node.update(more_of(self._zk, path))
        return node

    def _secret(self, request: Request) -> dict[str, Any]:
        found = self.picture.secret(
            path_of(request), request.query_params.get('name', ''))
        if found is None:
            raise HTTPException(404, 'there is no such value')
        return found

    def _doctor(self, request: Request) -> dict[str, Any]:
        away = HTTPException(503, 'there is no connection to ZooKeeper')
        if not self._zk.client.connected:
            raise away
        if not self._examining.acquire(blocking=False):
            raise HTTPException(503, 'an examination is under way')
        try:
            # Nobody who only looks has us write, or connect elsewhere
            # without asking for it.
            found = examine(
                self._zk, path_of(request), write=False, servers=False,
                probe=request.query_params.get('probe') == '1', watch=0)
        except KazooException:
            raise away from None
        finally:
            self._examining.release()
        return {'findings': [
            {'level': str(each.level.value), 'path': each.path,
             'fault': each.fault, 'remedy': each.remedy, 'rule': each.rule}
            for each in found],
                'as_of': moment(time.time())}


async def _failed(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)
    return Document(
        {'error': str(raised.detail)}, raised.status_code, raised.headers)


async def _bad_path(request: Request, raised: Exception) -> Response:
    return error(400, str(raised))


async def _not_read(request: Request, raised: Exception) -> Response:
    return error(503, 'the tree was not read yet')


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({'type': message['type'] + '.complete'})
        if message['type'] == 'lifespan.shutdown':
            return
