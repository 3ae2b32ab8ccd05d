"""TLS certificates for the tests: an authority, a server and a client.

Made by the openssl command when asked for; valid for a day, for the names
``localhost`` and ``127.0.0.1``.  Knows nothing of ZooKeeper.
"""
from __future__ import annotations

import pathlib
import subprocess


class Certificates:
    """PEM files of a small authority.

    :param directory: where to make the files; it is created
    :ivar authority: the authority's certificate, for both sides to trust
    :ivar server: the server's key and certificate in one file
    :ivar client: the client's certificate
    :ivar client_key: the client's key
    """

    def __init__(self, directory: pathlib.Path) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self.authority = directory / 'authority.pem'
        self._authority_key = directory / 'authority-key.pem'
        self.client = directory / 'client.pem'
        self.client_key = directory / 'client-key.pem'
        self.server = directory / 'server-both.pem'
        self._openssl(
            'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1',
            '-subj', '/CN=tests authority',
            # Python 3.13 demands what RFC 5280 does.
            '-addext', 'keyUsage = critical, keyCertSign, cRLSign',
            '-keyout', self._authority_key, '-out', self.authority)
        self._issue('client', 'client')
        self._issue('server', 'localhost')
        parts = [directory / 'server-key.pem', directory / 'server.pem']
        self.server.write_text(''.join(
            part.read_text(encoding='ascii') for part in parts))

    def _issue(self, stem: str, name: str) -> None:
        """Make STEM.pem and STEM-key.pem for a common name."""
        request = self._directory / f'{stem}.csr'
        extensions = self._directory / f'{stem}.ext'
        extensions.write_text(
            'subjectAltName = DNS:localhost, IP:127.0.0.1\n'
            'basicConstraints = critical, CA:FALSE\n'
            'keyUsage = critical, digitalSignature, keyEncipherment\n'
            'subjectKeyIdentifier = hash\n'
            'authorityKeyIdentifier = keyid\n')
        self._openssl(
            'req', '-newkey', 'rsa:2048', '-nodes', '-subj', f'/CN={name}',
            '-keyout', self._directory / f'{stem}-key.pem', '-out', request)
        self._openssl(
            'x509', '-req', '-days', '1', '-in', request,
            '-CA', self.authority, '-CAkey', self._authority_key,
            '-CAcreateserial', '-extfile', extensions,
            '-out', self._directory / f'{stem}.pem')

    def _openssl(self, *arguments: str | pathlib.Path) -> None:
        done = subprocess.run(
            ['openssl', *map(str, arguments)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise RuntimeError(f'openssl {arguments[0]}: {done.stdout}')
