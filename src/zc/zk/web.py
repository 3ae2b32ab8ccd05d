"""A page of the live tree, as an application for ASGI servers.

It needs starlette: ``pip install 'zc.zk[web]'``.  ``zczk web`` serves it
with uvicorn.  The page runs in an event loop, and in threads beside it.
"""
from __future__ import annotations

from collections.abc import Sequence

from ._web.application import Application
from ._web.guards import USER_HEADER
from ._web.guards import Guard
from ._web.guards import networks
from .client import ZooKeeper


__all__ = ['Application', 'application']


def application(
    zk: ZooKeeper,
    *,
    allow_changes: bool = False,
    token: str | None = None,
    trusted_proxy: str | Sequence[str] | None = None,
    user_header: str = USER_HEADER,
    names: Sequence[str] = (),
) -> Application:
    """Return a page of the live tree, as an ASGI application.

    It follows the tree from now on; ``close()`` of it ends that.  Without
    `token` and `trusted_proxy`, all who can connect may look: serve it on
    a loopback address only.

    :param zk: the connection, which stays yours
    :param allow_changes: whether those who may look may change the tree too
    :param token: what readers must know, 16 characters or more
    :param trusted_proxy: the addresses or networks of proxies that say who
        asks; theirs are the only requests that need no token.  The ASGI
        server must tell the address that a connection comes from, not what
        a header says of it (``proxy_headers=False`` for uvicorn)
    :param user_header: the header in which a trusted proxy says that
    :param names: the host names under which the page is reached, beside
        ``localhost`` and numeric addresses: requests for other names are
        refused
    :raises ValueError: when an argument makes no sense
    """
    proxies = ([trusted_proxy] if isinstance(trusted_proxy, str)
               else list(trusted_proxy or ()))
    page = Application(
        zk, Guard(names, token, networks(proxies), user_header),
        allow_changes)
    page.start()
    return page
