"""The web site of the demo: one page, by a clerk with a greeting.

Runs in the server's threads; the greeting follows ZooKeeper by itself.
"""
from __future__ import annotations

import zc.zk


def make_app(global_conf, zookeeper, clerk):
    """Make the WSGI application; paste.deploy calls this."""
    settings = zc.zk.ZooKeeper(zookeeper).properties('/site')

    def app(environ, start_response):
        page = f'{settings["greeting"]}, this is {clerk}.\n'
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [page.encode('utf-8')]

    return app
