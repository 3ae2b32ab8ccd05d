"""The connection of a script, made as its options say.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import argparse
import contextlib
import os
import ssl
from collections.abc import Iterator
from typing import Any

from .. import tls
from .._session import insides
from .._session.defaults import SESSION_TIMEOUT
from .._session.handler import SHORTEST_PATIENCE
from .._session.handler import PollHandler
from ..client import ZooKeeper
from . import interrupts
from .options import AUTH_VARIABLE
from .streams import Failure


#: The scheme that is none of ZooKeeper's: it authenticates the connection.
SASL = 'sasl'


@contextlib.contextmanager
def connected(
    options: argparse.Namespace,
    connection: str | None,
    chroot: bool = True,
) -> Iterator[ZooKeeper]:
    """Give a ZooKeeper, connected as the options say, and close it.

    :param chroot: whether the connection string's root must exist
    :raises Failure: when it must and does not
    """
    zk = ZooKeeper(
        connection, wait=options.wait, connect_timeout=options.timeout,
        handler=PollHandler(
            max(SHORTEST_PATIENCE, SESSION_TIMEOUT / 3),
            impatient=not options.wait),
        **connection_keywords(options))
    insides.after_calls(zk.client, interrupts.raise_late)
    try:
        if chroot and zk.client.chroot and not zk.exists('/'):
            raise Failure(f'there is no node {zk.client.chroot}, as the '
                          'connection string says')
        yield zk
    finally:
        zk.close()


def connection_keywords(options: argparse.Namespace) -> dict[str, Any]:
    """Return the keywords of ZooKeeper for authentication and TLS."""
    keywords: dict[str, Any] = {}
    auth = [_credential(text) for text in options.auth]
    if not auth and os.environ.get(AUTH_VARIABLE):
        scheme, colon, credential = os.environ[AUTH_VARIABLE].partition(':')
        if not colon:
            raise Failure(f'${AUTH_VARIABLE} must be SCHEME:CREDENTIAL')
        auth = [(scheme, credential)]
    for pair in [pair for pair in auth if pair[0] == SASL]:
        auth.remove(pair)
        user, colon, password = pair[1].partition(':')
        if not colon or not user:
            raise Failure(f'the credential for {SASL} must be USER:PASSWORD')
        keywords['sasl_options'] = {
            'mechanism': 'DIGEST-MD5', 'username': user,
            'password': password}
    if auth:
        keywords['auth_data'] = auth
    check_files(options)
    keywords.update(tls.keywords(
        options.tls_ca, options.tls_cert, options.tls_key,
        options.tls_any_host))
    return keywords


def check_files(options: argparse.Namespace) -> None:
    """Raise an error, which names it, for a TLS file that cannot be used.

    It would only be noticed by kazoo's thread, which tries for ever.
    """
    ca, certificate, key = options.tls_ca, options.tls_cert, options.tls_key
    if key and not certificate:
        raise Failure('--tls-key needs --tls-cert')
    if options.tls_any_host and not (ca or certificate):
        raise Failure('--tls-any-host needs --tls-ca or --tls-cert: without '
                      'both, there is no TLS')
    for file in (ca, certificate, key):
        if file:
            with open(file, 'rb'):
                pass
    if not (ca or certificate):
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca:
        try:
            context.load_verify_locations(ca)
        except ssl.SSLError:
            raise Failure(f'{ca}: no certificate (PEM) in it') from None
    if certificate:
        try:
            # Else OpenSSL would ask for it, now and at each connection.
            context.load_cert_chain(certificate, key, password=_no_password)
        except ssl.SSLError:
            raise Failure(
                f'{certificate}: no certificate (PEM) in it whose key, not '
                f'encrypted, is in {key or "the same file"}') from None


def _no_password() -> str:
    return ''


def _credential(text: str) -> tuple[str, str]:
    scheme, colon, path = text.partition(':')
    if not colon or not path:
        raise Failure('--auth must be SCHEME:FILE')
    try:
        with open(path, encoding='utf-8') as file:
            return scheme, file.read().strip('\r\n')
    except UnicodeDecodeError:
        raise Failure(f'{path}: not UTF-8 text') from None
    except OSError as e:
        # It may be the password itself.
        directory = os.path.dirname(path)
        known = directory != '/' and os.path.isdir(directory)
        shown = path if known else f'--auth {scheme}:FILE'
        raise Failure(f'{shown}: {e.strerror}') from None
