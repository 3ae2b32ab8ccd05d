"""The option `monitor_server`: zc.zk.monitor, run beside the server.

Runs in its caller's thread; the monitor server has threads of its own.  Knows
no engine.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import zc.zk
import zc.zk.monitor

from . import _sockets
from ._options.table import Options


@contextlib.contextmanager
def started(options: Options) -> Iterator[dict[str, Any]]:
    """Run a monitor server if one is wanted; give the node's property.

    :raises OptionError: when it cannot listen at its address
    """
    address = options.monitor_server
    if address is None:
        yield {}
        return
    try:
        listener = zc.zk.monitor.start(
            address if isinstance(address, str)
            else (address.host, address.port or 0))
    except OSError as e:
        shown = (address if isinstance(address, str)
                 else zc.zk.format_addr((address.host, address.port or 0)))
        raise options.error(
            'monitor_server', f'cannot listen on {shown}: {e.strerror or e}'
        ) from e
    try:
        yield {'monitor': _shown(listener)}
    finally:
        # The server has had all its time to end; nobody waits for commands.
        zc.zk.monitor.stop(listener, 0.1)


def _shown(address: Any) -> str:
    if isinstance(address, str):
        return address
    host, port = address
    if _sockets.is_blank(host):
        # At the address of the server, whatever that is.
        return f':{port}'
    return zc.zk.format_addr((host, port))
