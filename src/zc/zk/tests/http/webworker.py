"""A server of HTTP as a process, for the chaos of requests.

``python -m zc.zk.tests.http.webworker ZOOKEEPER PATH FILE`` prints
``ready``, waits for a line, registers its address and prints that.  It
writes the body of each POST to FILE before it answers.  On SIGTERM, it
unregisters, answers what it has accepted, and ends.
"""
from __future__ import annotations

import http.server
import logging
import os
import signal
import socket
import sys
import threading

import zc.zk
from zc.zk.tests.http.webserver import Counted


# Seconds of silence after which ZooKeeper ends its session.
SESSION_TIMEOUT = 4.0


class Server(Counted, http.server.ThreadingHTTPServer):

    # Its end does not wait for connections that are idle.
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)


def handler(posts: int) -> type[http.server.BaseHTTPRequestHandler]:

    class Handler(http.server.BaseHTTPRequestHandler):

        protocol_version = 'HTTP/1.1'
        wbufsize = -1
        server: Server

        def answer(self) -> None:
            with self.server.busy():
                body = self.rfile.read(
                    int(self.headers.get('Content-Length', 0)))
                if self.command == 'POST':
                    os.write(posts, body + b'\n')
                self.send_response(200)
                self.send_header('Content-Length', '2')
                self.end_headers()
                if self.command != 'HEAD':
                    self.wfile.write(b'ok')
                self.wfile.flush()

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = answer

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler


def main(connection_string: str, path: str, file: str) -> None:
    # Lost connections are no news here.
    logging.getLogger('kazoo').setLevel(logging.CRITICAL + 1)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    posts = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    server = Server(('127.0.0.1', 0), handler(posts))
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(
        target=server.serve_forever, kwargs={'poll_interval': 0.05},
        daemon=True).start()
    print('ready', flush=True)
    sys.stdin.readline()
    zk = zc.zk.ZooKeeper(connection_string, session_timeout=SESSION_TIMEOUT)
    address = server.socket.getsockname()
    zk.register(path, address)
    print('{}:{}'.format(*address), flush=True)
    # Small pieces: a signal alone does not end a wait in every thread.
    while not stopped.wait(1.0):
        pass
    zk.close()
    server.shutdown()
    server.server_close()
    server.wait_until_idle(10.0)


if __name__ == '__main__':
    main(*sys.argv[1:])
