"""What is asked for: the parts of a request, checked, and errors as replies.

Runs in an event loop, and in threads beside it.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Scope

from .._tree import paths
from .._tree.values import too_deep
from .guards import Asked


#: How many items a list has at most.
MOST = 1_000


class Document(JSONResponse):
    """A reply in JSON that has a form for every text.

    Others may have written half of a surrogate pair, which UTF-8 has not.
    """

    def render(self, content: Any) -> bytes:
        return json.dumps(
            content, allow_nan=False, separators=(',', ':')).encode('ascii')


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


def root_of(scope: Scope) -> str:
    """Return where the application is mounted, with a slash at its end."""
    root: str = scope.get('root_path', '')
    return root.rstrip('/') + '/'


def path_of(request: Request) -> str:
    return paths.normal(request.query_params.get('path', '/'))


def after_of(request: Request) -> str:
    return request.query_params.get('after', '')


def number_of(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, '')
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise HTTPException(400, f'{name} must be a whole number')
    return int(text)


def limit_of(request: Request, default: int) -> int:
    found = number_of(request, 'limit')
    return default if found is None else max(1, min(found, MOST))


def error(status: int, error: str) -> Document:
    return Document({'error': error}, status)


async def json_of(request: Request, most: int) -> dict[str, Any]:
    """Return the JSON object that a request brings.

    :raises HTTPException: when it brings something else, or too much
    """
    kind = request.headers.get('content-type', '').partition(';')[0]
    if kind.strip().lower() != 'application/json':
        raise HTTPException(415, 'application/json is needed')
    try:
        text = (await body_of(request, most)).decode('utf-8')
        # All that looks at it recurses.
        if too_deep(text):
            raise HTTPException(400, 'the body is nested too deep')
        found = json.loads(text)
    except ValueError:
        raise HTTPException(400, 'the body is no JSON') from None
    if not isinstance(found, dict):
        raise HTTPException(400, 'the body must be a JSON object')
    return found
