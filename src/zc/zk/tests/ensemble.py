"""Several real Apache ZooKeeper servers that form one service.

Ends only the processes that it started, as `realserver` does.
"""
from __future__ import annotations

import time
from typing import Any

from zc.zk.tests.realserver import PROBE_TIMEOUT
from zc.zk.tests.realserver import START_DEADLINE
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.realserver import StartFailed
from zc.zk.tests.realserver import four_letter
from zc.zk.tests.realserver import free_ports


class Ensemble:
    """Several Apache ZooKeeper processes that form one service.

    :param size: how many
    :param options: as for :class:`RealServer`, for each of them
    """

    def __init__(self, size: int = 3, **options: Any) -> None:
        config = dict(options.pop('config', None) or {})
        ports = iter(free_ports(2 * size))
        config.update({'initLimit': 20, 'syncLimit': 10})
        config.update({
            f'server.{number}': f'127.0.0.1:{next(ports)}:{next(ports)}'
            for number in range(1, size + 1)})
        self.members = [
            RealServer(config=config, **options) for _ in range(size)]
        for number, member in enumerate(self.members, 1):
            (member.directory / 'data' / 'myid').write_text(str(number))

    @property
    def connection_string(self) -> str:
        """The addresses of all members, joined by commas."""
        return ','.join(each.connection_string for each in self.members)

    @property
    def pids(self) -> list[int]:
        """The process ids of the members that are up."""
        return [each.process.pid for each in self.members
                if each.process is not None]

    def leader(self) -> RealServer:
        """Wait until the members agree on a leader; return it.

        :raises StartFailed: none was elected within the deadline
        """
        deadline = time.monotonic() + START_DEADLINE
        while time.monotonic() < deadline:
            for member in self.members:
                try:
                    if 'Mode: leader' in four_letter(
                            member.address, 'srvr', PROBE_TIMEOUT):
                        return member
                except OSError:
                    continue
            time.sleep(0.02)
        raise StartFailed('no leader:\n' + self.members[0].log())

    def start(self) -> Ensemble:
        """Start all members that are down and wait until all serve."""
        for member in self.members:
            if member.process is None:
                member.launch()
        for member in self.members:
            member.wait()
        return self

    def stop(self) -> None:
        """End all members with SIGTERM and wait."""
        for member in self.members:
            member.stop()

    def restart(self) -> None:
        """Stop and start all members, with the same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End all members and delete their data."""
        for member in self.members:
            member.close()

    def __enter__(self) -> Ensemble:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *error: object) -> None:
        self.close()
