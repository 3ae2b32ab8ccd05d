"""A PostgreSQL server for tests, in a directory of its own.

It listens at a socket in that directory alone.  PostgreSQL does not run as
root: a test that does starts it as the user ``postgres``, whom Debian's
package makes.
"""
from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from typing import Any

import psycopg2


__all__ = ['Server']

SECONDS = 60.0
USER = 'postgres'


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL.

    :raises RuntimeError: when it is not installed
    """
    # Debian keeps them off the PATH.
    found = sorted(glob.glob(f'/usr/lib/postgresql/*/bin/{name}'))
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise RuntimeError(
            f'{name} was not found.  Install PostgreSQL; on Debian: apt-get '
            'install postgresql')
    return path


class Server:
    """A server, and as many databases as are asked for."""

    def __init__(self) -> None:
        # Short: the path of a socket has a hundred characters at most.
        self.directory = tempfile.mkdtemp(prefix='pg')
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            self._as = {'user': user.pw_uid, 'group': user.pw_gid,
                        'extra_groups': []}
        self._count = 0
        data = os.path.join(self.directory, 'data')
        self._run('initdb', '--pgdata', data, '--auth', 'trust',
                  '--username', USER, '--encoding', 'UTF8', '--no-sync')
        self.log = os.path.join(self.directory, 'log')
        with open(self.log, 'wb') as log:
            # What is here is never needed again: no waiting for a disk.
            self.process = subprocess.Popen(
                [program('postgres'), '-D', data, '-k', self.directory,
                 '-c', 'listen_addresses=', '-c', 'fsync=off',
                 '-c', 'max_connections=300'],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, **self._as)
        until = time.monotonic() + SECONDS
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(self.log, encoding='utf-8') as log_:
                    raise RuntimeError(log_.read())
            time.sleep(0.02)

    def _run(self, name: str, *args: str) -> None:
        subprocess.run(
            [program(name), *args], cwd=self.directory, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **self._as)

    def _ready(self) -> bool:
        return subprocess.run(
            [program('pg_isready'), '-q', '-h', self.directory],
            check=False).returncode == 0

    def create(self) -> str:
        """Make an empty database; return how to connect to it."""
        self._count += 1
        name = f'test{self._count}'
        connection = psycopg2.connect(self.dsn('postgres'))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'create database {name}')
        finally:
            connection.close()
        return self.dsn(name)

    def dsn(self, name: str) -> str:
        """Return how to connect to a database."""
        return f"dbname='{name}' host='{self.directory}' user='{USER}'"

    def stop(self) -> None:
        """End it, and remove its directory."""
        # It does not wait for its clients.
        self.process.send_signal(signal.SIGINT)
        self.process.wait(SECONDS)
        shutil.rmtree(self.directory)
