"""The page as an ASGI application: guards first, then the routes.

Runs in an event loop.  What takes long, or waits for ZooKeeper, is done in
threads beside it.
"""
from __future__ import annotations

import asyncio
import pathlib
import secrets
from collections.abc import Callable
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import JSONResponse
from starlette.responses import RedirectResponse
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from .._tree import paths
from ..client import ZooKeeper
from ..errors import PathError
from . import plain
from .guards import COOKIE
from .guards import HEADERS
from .guards import Asked
from .guards import Guard
from .hub import Hub
from .picture import NotRead
from .picture import Picture
from .reading import more_of
from .stream import EventStream


STATIC = pathlib.Path(__file__).with_name('static')
TYPES = {'.css': 'text/css; charset=utf-8', '.html': 'text/html',
         '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml',
         '.png': 'image/png', '.ico': 'image/x-icon',
         '.webmanifest': 'application/manifest+json'}
#: The views: the page itself shows what their addresses say.
VIEWS = ('/', '/services', '/architecture', '/tree', '/tree/{path:path}',
         '/events', '/doctor', '/search', '/plan')
#: How many items a list has, by default and at most.
LIMIT = 500
MOST = 1_000
#: The largest form, in bytes.
MOST_FORM = 4_096


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
        self._changes = changes
        self._csrf = secrets.token_urlsafe(24)
        self._server: str | None = None
        self.hub = Hub()
        self.picture = Picture(zk, self.hub)
        self.hub.status = self._status
        self._app = Starlette(routes=self._routes(), exception_handlers={
            HTTPException: _failed, PathError: _bad_path, NotRead: _not_read})

    def start(self) -> None:
        """Begin to follow the tree."""
        self.picture.start()

    def close(self) -> None:
        """End following, and all streams."""
        self.hub.close_all()
        self.picture.close()

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
            return _error(*refused)
        user = self._guard.user(asked)
        scope['user'] = user
        if user is not None:
            return None
        path = scope['path'].removeprefix(scope.get('root_path', ''))
        if self._guard.has_token and (
                path.startswith('/static/') or path == '/login'):
            return None
        if (self._guard.has_token and asked.method == 'GET'
                and 'text/html' in asked.one('accept')):
            return HTMLResponse(plain.login(_root(scope), False), 401)
        return _error(401, 'this page needs a token'
                      if self._guard.has_token
                      else 'this page is only for those whom the proxy names')

    def _routes(self) -> list[Route]:
        routes = [Route(view, self._page) for view in VIEWS]
        routes += [
            Route('/static/{name}', self._static),
            Route('/plain', self._plain),
            Route('/plain/{path:path}', self._plain),
            Route('/login', self._login, methods=['POST']),
            Route('/api/v1/stream', EventStream(
                self.hub, self.picture.missed, _error)),
        ]
        for name, get in self._documents().items():
            routes.append(Route(f'/api/v1/{name}', self._served(get)))
        return routes

    def _documents(self) -> dict[str, Callable[[Request], Any]]:
        picture = self.picture
        return {
            'status': lambda request: self._status(),
            'services': lambda request: picture.services(
                _after(request), _limit(request, MOST)),
            'architecture': lambda request: picture.architecture(),
            'node': lambda request: self._node(_path(request)),
            'children': lambda request: picture.children(
                _path(request), _after(request), _limit(request, LIMIT)),
            'events': lambda request: picture.events(
                _number(request, 'before'), _path(request),
                _limit(request, 200)),
            'search': lambda request: picture.search(
                request.query_params.get('q', '')[:1000], _after(request),
                _limit(request, 100)),
            'secret': lambda request: self._secret(request),
        }

    def _served(self, get: Callable[[Request], Any]) -> Any:
        """Return an endpoint that answers with a document."""
        def make(request: Request) -> Response:
            self.picture.wait()
            return JSONResponse(get(request))

        async def endpoint(request: Request) -> Response:
            return await asyncio.to_thread(make, request)

        return endpoint

    # Documents

    def _status(self) -> dict[str, Any]:
        from .. import __version__
        client = self._zk.client
        status = {
            **self.picture.status(),
            'ensemble': ','.join(
                f'{host}:{port}' for host, port in client.hosts)
            + client.chroot,
            'zookeeper': self._server, 'version': __version__,
            'changes': self._changes}
        if self._changes:
            status['csrf'] = self._csrf
        return status

    def _node(self, path: str) -> dict[str, Any]:
        node = self.picture.node(path)
        if node['exists']:
            node.update(more_of(self._zk, path))
        return node

    def _secret(self, request: Request) -> dict[str, Any]:
        found = self.picture.secret(
            _path(request), request.query_params.get('name', ''))
        if found is None:
            raise HTTPException(404, 'there is no such value')
        return found

    # Pages

    async def _page(self, request: Request) -> Response:
        text = await asyncio.to_thread(
            (STATIC / 'page.html').read_text, encoding='utf-8')
        return HTMLResponse(text.replace(
            '<base href="/">',
            f'<base href="{escape(_root(request.scope))}">', 1))

    async def _static(self, request: Request) -> Response:
        name = request.path_params['name']
        there = {each.name: each for each in STATIC.iterdir()
                 if each.suffix in TYPES}
        if name not in there:
            raise HTTPException(404, 'there is no such file')
        return Response(
            await asyncio.to_thread(there[name].read_bytes),
            media_type=TYPES[there[name].suffix],
            headers={'Cache-Control': 'no-cache'})

    async def _plain(self, request: Request) -> Response:
        path = paths.normal('/' + request.path_params.get('path', ''))
        after = request.query_params.get('after', '')

        def make() -> str:
            self.picture.wait()
            return plain.tree(
                self.picture.node(path),
                self.picture.children(path, after, LIMIT),
                _root(request.scope))

        return HTMLResponse(await asyncio.to_thread(make))

    async def _login(self, request: Request) -> Response:
        body = await body_of(request, MOST_FORM)
        fields = parse_qs(body.decode('utf-8', 'replace'))
        given = fields.get('token', [''])[0].strip()
        root = _root(request.scope)
        if not self._guard.knows(given):
            return HTMLResponse(plain.login(root, True), 401)
        response = RedirectResponse(root, 303)
        response.set_cookie(
            COOKIE, self._guard.cookie(), path=root, httponly=True,
            samesite='strict', secure=request.url.scheme == 'https')
        return response


async def body_of(request: Request, most: int) -> bytes:
    """Return the body of a request.

    :raises HTTPException: when it is larger than `most` bytes
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f'more than {most} bytes were sent')
    return bytes(body)


def asked_of(scope: Scope) -> Asked:
    """Return what the guards need to know of a request."""
    headers: dict[str, list[str]] = {}
    for name, value in scope['headers']:
        headers.setdefault(name.decode('latin-1').lower(), []).append(
            value.decode('latin-1'))
    client: Sequence[Any] = scope.get('client') or ('', 0)
    return Asked(scope['method'], headers, str(client[0]), scope['scheme'])


def _root(scope: Scope) -> str:
    """Return where the application is mounted, with a slash at its end."""
    root: str = scope.get('root_path', '')
    return root.rstrip('/') + '/'


def _path(request: Request) -> str:
    return paths.normal(request.query_params.get('path', '/'))


def _after(request: Request) -> str:
    return request.query_params.get('after', '')


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, '')
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise HTTPException(400, f'{name} must be a whole number')
    return int(text)


def _limit(request: Request, default: int) -> int:
    found = _number(request, 'limit')
    return default if found is None else max(1, min(found, MOST))


def _error(status: int, error: str) -> JSONResponse:
    return JSONResponse({'error': error}, status)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse(
        {'error': str(error.detail)}, error.status_code, error.headers)


async def _bad_path(request: Request, error: Exception) -> Response:
    return _error(400, str(error))


async def _not_read(request: Request, error: Exception) -> Response:
    return _error(503, 'the tree was not read yet')


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({'type': message['type'] + '.complete'})
        if message['type'] == 'lifespan.shutdown':
            return
