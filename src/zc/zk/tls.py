"""TLS to ZooKeeper, for programs that have options for it.

Pure.  It must not know how to connect.
"""
from __future__ import annotations

from typing import Any


__all__ = ['keywords']


def keywords(
    ca: str | None = None,
    certificate: str | None = None,
    key: str | None = None,
    any_host: bool = False,
) -> dict[str, Any]:
    """Return the keywords of `ZooKeeper` for TLS, none when no file is given.

    :param ca: a file of certificates (PEM) to trust
    :param certificate: a file with the certificate (PEM) to present
    :param key: its key (PEM), if that is in another file
    :param any_host: whether the server's certificate may be for another host
        name
    :raises ValueError: when there is a key, and no certificate
    """
    if key and not certificate:
        raise ValueError(f'the key {key} needs a certificate')
    # kazoo presents no certificate without a file for its key.
    files = {'ca': ca, 'certfile': certificate, 'keyfile': key or certificate}
    found: dict[str, Any] = {
        keyword: file for keyword, file in files.items() if file}
    if found:
        found.update(use_ssl=True, check_hostname=not any_host)
    return found
