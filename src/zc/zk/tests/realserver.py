"""Real Apache ZooKeeper servers for the tests.

Every server is a child process of the caller, on free loopback ports and in
a temporary directory of its own; nothing else is ever signalled.  Knows
nothing of zc.zk or kazoo: readiness is asked by four-letter words.

A test case that starts servers here says ``level = 2``: the test runner
leaves it out on a machine without java, and ``--at-level 2`` takes it in.

As a program, it runs a command beside a server::

    python -m zc.zk.tests.realserver -- COMMAND...

The command finds the server in the environment variable
``TEST_ZOOKEEPER_CONNECTION``; its exit status is passed on.
"""
from __future__ import annotations

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from collections.abc import Sequence

from zc.zk.tests.certificates import Certificates


# Seconds in which a server has to start serving, on a busy machine.
START_DEADLINE = 60.0
# Seconds that a server has to end after SIGTERM, before SIGKILL.
STOP_DEADLINE = 10.0
# Below the ports that Linux and macOS hand out to clients: while a server
# is down, no client (or a client's connection to itself) can take its port.
PORTS = range(15000, 32000)
# Needed by TLS and quorums beside ZooKeeper's own jar; not in its manifest.
DEBIAN_JARS = (
    'zookeeper.jar', 'slf4j-simple.jar', 'log4j-1.2.jar', 'netty-codec.jar')
# Seconds for one question whether a server serves.  One that is asked while
# it starts may never answer: it is asked anew.
PROBE_TIMEOUT = 0.5


class Unavailable(RuntimeError):
    """There is no java or no ZooKeeper on this machine."""


class StartFailed(RuntimeError):
    """A server ended, or did not serve within the deadline."""


def class_path() -> str:
    """Return java's class path for ZooKeeper.

    It is the variable ``ZOOKEEPER_CLASSPATH``, the jars of an unpacked
    release in ``ZOOKEEPER_HOME``, or those of Debian's package.

    :raises Unavailable: nothing is there; the message says what to install
    """
    if shutil.which('java') is None:
        raise Unavailable(
            'java is missing: install a JRE (Debian: default-jre-headless)')
    given = os.environ.get('ZOOKEEPER_CLASSPATH')
    if given:
        return given
    home = os.environ.get('ZOOKEEPER_HOME')
    if home:
        jars = sorted(pathlib.Path(home, 'lib').glob('*.jar'))
        if jars:
            return os.pathsep.join(map(str, jars))
    debian = [pathlib.Path('/usr/share/java', name) for name in DEBIAN_JARS]
    missing = [path.name for path in debian if not path.exists()]
    if missing:
        raise Unavailable(
            f'ZooKeeper is missing ({", ".join(missing)}): install '
            'libzookeeper-java and libnetty-java on Debian, or set '
            'ZOOKEEPER_HOME to an unpacked Apache ZooKeeper')
    return os.pathsep.join(map(str, debian))


def available() -> bool:
    """Say whether real servers can be started here."""
    try:
        class_path()
    except Unavailable:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Return different ports of 127.0.0.1 that nobody listens on."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise OSError('no free ports')


def four_letter(
    address: tuple[str, int], word: str, timeout: float = 5.0
) -> str:
    """Ask a server a four-letter word (``ruok``, ``srvr``, ``mntr`` ...).

    :param address: host and port
    :param word: the word
    :param timeout: seconds for connecting and for each part of the answer
    :return: the answer
    :raises OSError: there is no answer
    """
    with socket.create_connection(address, timeout) as connection:
        connection.sendall(word.encode('ascii'))
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b''.join(parts).decode('utf-8', 'replace')


class RealServer:
    """One Apache ZooKeeper process.

    :param tick_time: milliseconds; sessions may time out after 2 to 20 ticks
    :param config: more lines of ``zoo.cfg``, as a mapping
    :param properties: more Java system properties
    :param sasl: passwords by user name, for SASL DIGEST-MD5
    :param tls: open a TLS port too (:attr:`secure_port`) that asks for client
        certificates; :attr:`certificates` has the files for a client
    :param heap: the largest heap, as java's ``-Xmx`` takes it
    :param sync: write through to the disk, as in production; without, data
        still survive the process, though not the machine
    """

    def __init__(
        self,
        *,
        tick_time: int = 500,
        config: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        sasl: Mapping[str, str] | None = None,
        tls: bool = False,
        heap: str = '256m',
        sync: bool = False,
    ) -> None:
        self._class_path = class_path()
        self._heap = heap
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='zookeeper-'))
        (self.directory / 'data').mkdir()
        self.host = '127.0.0.1'
        self.port, self.secure_port = free_ports(2)
        self.certificates: Certificates | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._config: dict[str, object] = {
            'tickTime': tick_time,
            'dataDir': self.directory / 'data',
            'clientPort': self.port,
            'clientPortAddress': self.host,
            'admin.enableServer': 'false',
            '4lw.commands.whitelist': '*',
            'maxClientCnxns': 0,
            'snapshot.trust.empty': 'true',
        }
        self._properties: dict[str, object] = {
            'zookeeper.forceSync': 'yes' if sync else 'no',
            'zookeeper.preAllocSize': 1024,
            'zookeeper.jmx.log4j.disable': 'true',
            'org.slf4j.simpleLogger.defaultLogLevel': 'warn',
            'org.slf4j.simpleLogger.showDateTime': 'true',
        }
        if sasl is not None:
            self._set_up_sasl(sasl)
        if tls:
            self._set_up_tls()
        self._config.update(config or {})
        self._properties.update(properties or {})
        self._log = self.directory / 'server.log'

    def _write(self, name: str, text: str) -> pathlib.Path:
        path = self.directory / name
        path.write_text(text, encoding='utf-8')
        return path

    def _set_up_sasl(self, users: Mapping[str, str]) -> None:
        entries = ''.join(
            f'\n  user_{name}="{password}"' for name, password in
            users.items())
        jaas = self._write('jaas.conf', (
            'Server {\n  org.apache.zookeeper.server.auth.DigestLoginModule '
            f'required{entries};\n}};\n'))
        self._properties['java.security.auth.login.config'] = jaas
        self._config['authProvider.1'] = (
            'org.apache.zookeeper.server.auth.SASLAuthenticationProvider')

    def _set_up_tls(self) -> None:
        self.certificates = made = Certificates(self.directory / 'tls')
        self._config.update({
            'secureClientPort': self.secure_port,
            'secureClientPortAddress': self.host,
            'serverCnxnFactory':
                'org.apache.zookeeper.server.NettyServerCnxnFactory',
            'authProvider.x509':
                'org.apache.zookeeper.server.auth.X509AuthenticationProvider',
            'ssl.keyStore.location': made.server,
            'ssl.keyStore.type': 'PEM',
            'ssl.trustStore.location': made.authority,
            'ssl.trustStore.type': 'PEM',
        })

    @property
    def address(self) -> tuple[str, int]:
        """The host and port for clients."""
        return self.host, self.port

    @property
    def connection_string(self) -> str:
        """The address as ``host:port``."""
        return f'{self.host}:{self.port}'

    @property
    def secure_connection_string(self) -> str:
        """The TLS address as ``localhost:port``, the certificate's name."""
        return f'localhost:{self.secure_port}'

    @property
    def pid(self) -> int:
        """The process id; ValueError when the server is down."""
        if self.process is None:
            raise ValueError('the server is not running')
        return self.process.pid

    def start(self) -> RealServer:
        """Start the process and wait until it serves."""
        self.launch()
        self.wait()
        return self

    def launch(self) -> None:
        """Start the process without waiting."""
        if self.process is not None:
            raise ValueError('the server is running')
        lines = [f'{key}={value}' for key, value in self._config.items()]
        file = self._write('zoo.cfg', '\n'.join(lines) + '\n')
        command = ['java', f'-Xmx{self._heap}', '-XX:+UseSerialGC',
                   '-XX:TieredStopAtLevel=1', '-cp', self._class_path]
        command += [
            f'-D{key}={value}' for key, value in self._properties.items()]
        command += ['org.apache.zookeeper.server.quorum.QuorumPeerMain',
                    str(file)]
        with self._log.open('ab') as log:
            # A session of its own: Ctrl-C on the terminal reaches only the
            # tests, which then end the server.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, start_new_session=True)

    def wait(self) -> None:
        """Wait until the server serves.

        :raises StartFailed: with the end of what the server logged
        """
        deadline = time.monotonic() + START_DEADLINE
        while not self.serving():
            process = self.process
            ended = process is None or process.poll() is not None
            if ended or time.monotonic() > deadline:
                what = 'ended' if ended else 'did not serve'
                log = self.log()
                self.kill()
                raise StartFailed(f'ZooKeeper {what} at '
                                  f'{self.connection_string}:\n{log}')
            time.sleep(0.02)

    def serving(self) -> bool:
        """Say whether the server answers, and is part of a quorum."""
        try:
            return 'Mode: ' in four_letter(
                self.address, 'srvr', PROBE_TIMEOUT)
        except OSError:
            return False

    def log(self, lines: int = 20) -> str:
        """Return the last lines of the server's log."""
        text = self._log.read_text(encoding='utf-8', errors='replace')
        return '\n'.join(text.splitlines()[-lines:])

    def stop(self) -> None:
        """End the process with SIGTERM and wait; nothing if it is down."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End the process with SIGKILL and wait; nothing if it is down."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        """Stop and start, on the same ports and with the same data."""
        self.stop()
        self.start()

    def suspend(self) -> None:
        """Stop the process in its tracks (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended process go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End the process and delete its data."""
        if self.process is not None:
            self.resume()
            self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> RealServer:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *error: object) -> None:
        self.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command beside a real server; return its exit status."""
    command = list(sys.argv[1:] if arguments is None else arguments)
    if command[:1] == ['--']:
        del command[0]
    if not command:
        print('usage: python -m zc.zk.tests.realserver -- COMMAND...',
              file=sys.stderr)
        return 2
    # The server is ended after a SIGTERM too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with RealServer() as server:
            environment = dict(
                os.environ,
                TEST_ZOOKEEPER_CONNECTION=server.connection_string)
            return subprocess.run(command, env=environment).returncode
    except (Unavailable, StartFailed) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
