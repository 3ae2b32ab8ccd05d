"""What the server answers to four-letter words.

Pure functions, run by the server's thread.  Must not know sockets.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from typing import NamedTuple

from ..state.database import Database


#: The version whose behaviour is followed, as clients ask for it.
VERSION = '3.8.0-zc.zk.testing'
_BUILT = f'{VERSION}, built on Python, for tests'


class Traffic(NamedTuple):
    """What the server's sockets know; `clients` has a line for each."""

    received: int
    sent: int
    clients: Sequence[str]


def answer(word: str, database: Database, traffic: Traffic) -> bytes:
    """Return the answer to a four-letter word, to be sent as it is."""
    texts: dict[str, Callable[[], str]] = {
        'ruok': lambda: 'imok',
        'isro': lambda: 'rw',
        'envi': lambda: f'Environment:\nzookeeper.version={_BUILT}\n',
        'srvr': lambda: _server(database, traffic, False),
        'stat': lambda: _server(database, traffic, True),
        'mntr': lambda: _monitor(database, traffic),
    }
    if word in texts:
        return texts[word]().encode('utf-8')
    return (f'{word} is not executed because it is not in the whitelist.\n'
            ).encode('ascii')


def _server(database: Database, traffic: Traffic, clients: bool) -> str:
    lines = [f'Zookeeper version: {_BUILT}']
    if clients:
        lines += ['Clients:', *(f' {each}' for each in traffic.clients), '']
    lines += [
        'Latency min/avg/max: 0/0.0/0',
        f'Received: {traffic.received}',
        f'Sent: {traffic.sent}',
        f'Connections: {len(traffic.clients)}',
        'Outstanding: 0',
        f'Zxid: {database.zxid:#x}',
        'Mode: standalone',
        f'Node count: {database.tree.descendants("/") + 1}',
        '',
    ]
    return '\n'.join(lines)


def _monitor(database: Database, traffic: Traffic) -> str:
    tree = database.tree
    size = sum(len(path) + len(node.data or b'')
               for path, node in tree.nodes.items())
    values = {
        'version': _BUILT,
        'server_state': 'standalone',
        'packets_received': traffic.received,
        'packets_sent': traffic.sent,
        'num_alive_connections': len(traffic.clients),
        'outstanding_requests': 0,
        'znode_count': tree.descendants('/') + 1,
        'watch_count': len(database.watches),
        'ephemerals_count': sum(map(len, tree.ephemerals.values())),
        'approximate_data_size': size,
        'global_sessions': len(database.sessions),
    }
    return ''.join(f'zk_{key}\t{value}\n' for key, value in values.items())
