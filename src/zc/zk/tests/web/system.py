"""A system with its page, for tests in a browser and for pictures.

The embedded server, a connection, and the page served by uvicorn in a thread,
all on loopback.
"""
from __future__ import annotations

import importlib
import json
import socket
import threading
from typing import Any

import zc.zk
import zc.zk.testing


#: A shop, as the pictures show it.
TREE = """
/shop : application
  greeting = 'Good morning'
  /cart : wsgi
    currency = 'EUR'
    timeout = 2.5
    session_secret = 'not for everyone'
    database -> /databases/orders/providers
    prices -> /catalogue/providers
    /providers
  /frontend : wsgi
    workers = 4
    cart -> /shop/cart/providers
    catalogue -> /catalogue/providers
    greeting => ../
    /providers
/catalogue : wsgi
  languages = ['de', 'en', 'pt']
  database -> /databases/products/providers
  images -> /images/providers
  /providers
/mail : worker
  database -> /databases/orders/providers
  relay -> /relay/providers
  /providers
/databases : configuration
  /orders : postgres
    name = 'orders'
    password = 'ask the keeper'
    /providers
  /products : postgres
    name = 'products'
    /providers
/images : static
  cache_seconds = 86400
  /providers
"""
#: path, address, properties
SERVERS = (
    ('/shop/frontend', '10.0.4.11:8080',
     dict(pid=1407, version='4.2.0', monitor='10.0.4.11:8089')),
    ('/shop/frontend', '10.0.4.12:8080',
     dict(pid=1391, version='4.2.0', monitor='10.0.4.12:8089')),
    ('/shop/frontend', '10.0.4.13:8080',
     dict(pid=2210, version='4.1.7', monitor='10.0.4.13:8089', weight=0)),
    ('/shop/cart', '10.0.4.21:9010', dict(pid=811, version='2.0.1')),
    ('/shop/cart', '10.0.4.22:9010',
     dict(pid=820, version='2.0.1', healthy=False)),
    ('/catalogue', '10.0.4.31:9020', dict(pid=5120, version='3.8.0')),
    ('/catalogue', '10.0.4.32:9020',
     dict(pid=5077, version='3.8.0', weight=2)),
    ('/mail', '10.0.4.51:9100', dict(pid=640, version='1.4.0')),
    ('/databases/orders', '10.0.5.2:5432', dict(version='17.2')),
    ('/databases/products', '10.0.5.3:5432', dict(version='17.2')),
    ('/images', '10.0.4.41:80', dict(pid=77, version='1.27')),
)


class System:
    """The embedded server with a tree, and its page.

    :ivar server: the embedded server
    :ivar zk: a connection of someone else than the page
    :ivar page: the application
    :ivar url: of the page, with a slash at its end
    """

    def __init__(
        self, tree: str = TREE, changes: bool = True,
        token: str | None = None,
    ) -> None:
        self.server = zc.zk.testing.Server()
        self.server.start()
        self.zk = zc.zk.ZooKeeper(self.server.connection_string)
        self.zk.import_tree(tree)
        self._own = zc.zk.ZooKeeper(self.server.connection_string)
        self._options = {'allow_changes': changes, 'token': token}
        self._listener = socket.create_server(('127.0.0.1', 0))
        self._address = self._listener.getsockname()
        self.url = f'http://127.0.0.1:{self._address[1]}/'
        self.start_page()

    def start_page(self) -> None:
        """Serve the page, at the same address as before."""
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(self._address)
        self.page: Any = importlib.import_module('zc.zk.web').application(
            self._own, **self._options)
        uvicorn = importlib.import_module('uvicorn')
        self._server = uvicorn.Server(uvicorn.Config(
            self.page, lifespan='off', log_config=None, access_log=False))
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={'sockets': [self._listener]}, name='page of a test')
        self._thread.start()

    def serve(self, path: str, address: str, **data: Any) -> str:
        """Register a server; return the path of its node."""
        node = f'{path}/providers/{address}'
        self.zk.client.create(
            node, json.dumps(data).encode('utf-8'), ephemeral=True)
        return node

    def stop_page(self) -> None:
        """End the server of the page."""
        self._server.should_exit = True
        self.page.hub.close_all()
        self._thread.join()
        self._listener.close()
        self.page.close()

    def close(self) -> None:
        """End all."""
        self.stop_page()
        self._own.close()
        self.zk.close()
        self.server.stop()
