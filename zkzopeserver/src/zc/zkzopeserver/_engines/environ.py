"""The WSGI environment of a request, with the keys of zope.server's.

Pure.  zope.server's own strips more than blanks from values (``\\xa0`` too),
which another server on the way may have understood otherwise.
"""
from __future__ import annotations

import sys
from typing import Any

from .request import RequestParser


# Fields whose key is not HTTP_ and their name.
_OWN_KEYS = {
    'CONTENT_LENGTH': 'CONTENT_LENGTH',
    'CONTENT_TYPE': 'CONTENT_TYPE',
    'CONNECTION': 'CONNECTION_TYPE',
}


def environment(
    request: RequestParser, constant: dict[str, Any], peer: str
) -> dict[str, Any]:
    """Return the environment of `request` (PEP 3333).

    :param request: all of a request
    :param constant: what is the same for all requests
    :param peer: the client's address
    """
    environ = constant.copy()
    environ['REQUEST_METHOD'] = request.command
    environ['SERVER_PROTOCOL'] = f'HTTP/{request.version}'
    environ['PATH_INFO'] = '/' + request.path.lstrip('/')
    environ['QUERY_STRING'] = request.query or ''
    environ['REMOTE_ADDR'] = peer
    for key, value in request.headers.items():
        environ[_OWN_KEYS.get(key) or f'HTTP_{key}'] = value
    environ['wsgi.errors'] = sys.stderr     # what it is now
    environ['wsgi.input'] = request.getBodyStream()
    environ['zserver.proxy.scheme'] = request.proxy_scheme
    environ['zserver.proxy.host'] = request.proxy_netloc
    return environ


def constant_part(name: str, port: int, software: str) -> dict[str, Any]:
    """Return what is the same in the environments of all requests.

    :param name: the server's name
    :param port: its TCP port
    :param software: what it calls itself
    """
    return {
        'SERVER_NAME': name,
        'SERVER_PORT': str(port),
        'SERVER_SOFTWARE': software,
        'SCRIPT_NAME': '',
        'GATEWAY_INTERFACE': 'CGI/1.1',
        'wsgi.version': (1, 0),
        'wsgi.url_scheme': 'http',
        'wsgi.multithread': True,
        'wsgi.multiprocess': True,
        'wsgi.run_once': False,
    }
