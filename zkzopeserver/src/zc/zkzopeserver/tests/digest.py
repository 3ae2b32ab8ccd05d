"""An application whose answer tells what came."""
from __future__ import annotations

import hashlib
from typing import Any


def digest(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with the size and the hash of the body."""
    found = hashlib.sha1()
    size = 0
    while block := environ['wsgi.input'].read(65536):
        size += len(block)
        found.update(block)
    body = f'{environ["PATH_INFO"]} {size} {found.hexdigest()}'.encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]


def expected(path: str, body: bytes) -> bytes:
    return f'{path} {len(body)} {hashlib.sha1(body).hexdigest()}'.encode()
