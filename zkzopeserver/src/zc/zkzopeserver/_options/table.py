"""Every option of the runner: its type, unit and default, named once.

Pure.  What their texts mean is in `values`.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import zc.zk.checks

from . import values as _values
from .values import Address
from .values import Secret


class OptionError(Exception):
    """An option that is unknown, missing, or has a value of no use.

    :ivar section: the file and section, as far as they are known
    :ivar option: the option's name
    :ivar reason: what is wrong with it
    """

    def __init__(self, section: str, option: str, reason: str) -> None:
        super().__init__(section, option, reason)
        self.section = section
        self.option = option
        self.reason = reason

    def __str__(self) -> str:
        # One line, whatever the reason's own text looks like.
        return ' '.join(
            f'{self.section}: option {self.option}: {self.reason}'.split())


def _option(
    parse: Callable[[str], Any], default: Any, unit: str = ''
) -> Any:
    return dataclasses.field(
        default=default, metadata={'parse': parse, 'unit': unit})


@dataclass(frozen=True)
class Options:
    """The options of one server; docs/options.rst says what each means."""

    # Where to register.
    zookeeper: str | None = _option(_values.text, None, 'connection string')
    path: str = _option(_values.node_path, '', 'path')
    session_timeout: int | None = _option(
        _values.session_timeout, None, 'milliseconds')
    advertise: tuple[Address, ...] = _option(
        _values.advertised, (), 'addresses')
    properties: dict[str, Any] | None = _option(
        _values.properties, None, 'lines')
    wait: bool = _option(_values.boolean, False)
    zookeeper_auth: Secret = _option(
        _values.secret, Secret(), 'file:NAME or env:NAME')
    zookeeper_tls_ca: str | None = _option(
        _values.readable_file, None, 'file')
    zookeeper_tls_cert: str | None = _option(
        _values.readable_file, None, 'file')
    zookeeper_tls_key: str | None = _option(
        _values.readable_file, None, 'file')
    zookeeper_tls_any_host: bool = _option(_values.boolean, False)

    # Where and how to serve.
    host: str = _option(_values.host, '', 'name or address')
    port: int = _option(_values.integer(0, 65535), 0, 'TCP port')
    # One thread, as zc.zkzopeserver always had: an application that is
    # not thread-safe must not break because nothing was said.
    threads: int = _option(_values.integer(1, 10000), 1, 'threads')

    # How to leave.  Clients learn of the change in milliseconds; a second
    # leaves room for a slow one.  Both together stay below the ten
    # seconds after which `docker stop` kills.
    drain: float = _option(_values.seconds, 1.0, 'seconds')
    shutdown_timeout: float = _option(_values.seconds, 8.0, 'seconds')

    # Limits of HTTP.  Those of waitress, whose users never complained.
    max_header_size: int = _option(_values.size, 256 << 10, 'bytes')
    max_body_size: int = _option(_values.size, 1 << 30, 'bytes')
    max_connections: int = _option(
        _values.integer(1, 1000000), 1000, 'connections')
    idle_timeout: float = _option(_values.seconds, 120.0, 'seconds')
    # nginx's default.  A header is a few packets: who takes longer holds
    # the connection on purpose.
    header_timeout: float = _option(_values.seconds, 60.0, 'seconds')
    # The rate of Apache's mod_reqtimeout: below the slowest modem, and far
    # above a byte now and then.
    min_body_rate: int = _option(
        _values.integer(0), 500, 'bytes per second')

    # How to find out whether it works: see zc.zk.checks for the reasons.
    check: zc.zk.checks.Check | None = _option(
        _values.check, None, 'http:/PATH, tcp or cmd:COMMAND')
    check_interval: float = _option(
        _values.interval, zc.zk.checks.INTERVAL, 'seconds')
    check_timeout: float = _option(
        _values.interval, zc.zk.checks.TIMEOUT, 'seconds')
    down_after: int = _option(
        _values.integer(1, 1000000), zc.zk.checks.DOWN_AFTER, 'failures')
    up_after: int = _option(
        _values.integer(1, 1000000), zc.zk.checks.UP_AFTER, 'successes')
    even_the_last: bool = _option(_values.boolean, False)

    # How to be watched.
    monitor_server: Address | str | None = _option(
        _values.listen_address, None, 'HOST:PORT or path')
    loggers: str | None = _option(_values.text, None, 'level or ZConfig text')
    zservertracelog: bool = _option(_values.boolean, False)

    # Not an option: what to call the section in messages.
    section: str = dataclasses.field(default='', metadata={})

    def error(self, option: str, reason: object) -> OptionError:
        """Return the error that says what is wrong with `option`."""
        return OptionError(self.section, option, str(reason))


#: The options by name, in the order in which they are documented.
OPTIONS = {field.name: field for field in dataclasses.fields(Options)
           if 'parse' in field.metadata}
