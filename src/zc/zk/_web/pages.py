"""Pages and files for browsers: all that is not the JSON interface.

Runs in an event loop.  The page itself is a file, and shows the view that
its address says.
"""
from __future__ import annotations

import asyncio
import pathlib
from html import escape
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import RedirectResponse
from starlette.responses import Response
from starlette.routing import Route

from .._tree import paths
from . import plain as _plain
from .asking import body_of
from .asking import root_of
from .guards import COOKIE
from .guards import Guard
from .picture import Picture


STATIC = pathlib.Path(__file__).with_name('static')
TYPES = {'.css': 'text/css; charset=utf-8', '.html': 'text/html',
         '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml',
         '.png': 'image/png', '.ico': 'image/x-icon',
         '.webmanifest': 'application/manifest+json'}
#: The views: the page itself shows what their addresses say.
VIEWS = ('/', '/services', '/architecture', '/tree', '/tree/{path:path}',
         '/events', '/doctor', '/search', '/plan')
#: How many children a page without scripts has.
LIMIT = 500
#: The largest form, in bytes.
MOST_FORM = 4_096


class Pages:
    """Serves them.

    :param picture: what is shown
    :param guard: knows the token
    """

    def __init__(self, picture: Picture, guard: Guard) -> None:
        self.picture = picture
        self._guard = guard

    def routes(self) -> list[Route]:
        """Return where they are."""
        return [
            *(Route(view, self.page) for view in VIEWS),
            Route('/static/{name}', self.static),
            Route('/plain', self.plain),
            Route('/plain/{path:path}', self.plain),
            Route('/login', self.login, methods=['POST'])]

    async def page(self, request: Request) -> Response:
        """Answer with the page."""
        text = await asyncio.to_thread(
            (STATIC / 'page.html').read_text, encoding='utf-8')
        return HTMLResponse(text.replace(
            '<base href="/">',
            f'<base href="{escape(root_of(request.scope))}">', 1))

    async def static(self, request: Request) -> Response:
        """Answer with a file of the page."""
        name = request.path_params['name']
        there = {each.name: each for each in STATIC.iterdir()
                 if each.suffix in TYPES}
        if name not in there:
            raise HTTPException(404, 'there is no such file')
        return Response(
            await asyncio.to_thread(there[name].read_bytes),
            media_type=TYPES[there[name].suffix],
            headers={'Cache-Control': 'no-cache'})

    async def plain(self, request: Request) -> Response:
        """Answer with a node, for those without scripts."""
        path = paths.normal('/' + request.path_params.get('path', ''))
        after = request.query_params.get('after', '')

        def make() -> str:
            self.picture.wait()
            return _plain.tree(
                self.picture.node(path),
                self.picture.children(path, after, LIMIT),
                root_of(request.scope))

        return HTMLResponse(await asyncio.to_thread(make))

    async def login(self, request: Request) -> Response:
        """Give a cookie to one who knows the token."""
        body = await body_of(request, MOST_FORM)
        fields = parse_qs(body.decode('utf-8', 'replace'))
        given = fields.get('token', [''])[0].strip()
        root = root_of(request.scope)
        if not self._guard.knows(given):
            return HTMLResponse(_plain.login(root, True), 401)
        response = RedirectResponse(root, 303)
        # A strict one would not come with those who follow a link to a view.
        response.set_cookie(
            COOKIE, self._guard.cookie(), path=root, httponly=True,
            samesite='lax', secure=request.url.scheme == 'https')
        return response
