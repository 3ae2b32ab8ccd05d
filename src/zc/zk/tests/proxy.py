"""TCP proxies that cut, refuse or hang the connections that go through them.

All proxies of one `Proxies` object run in its one thread; their methods may
be called from any other.  Knows nothing of what is sent.
"""
from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence


Address = tuple[str, int]


class Proxy:
    """One client's way to some servers.

    :ivar addresses: where to connect instead, one for each server
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._refusing = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.addresses: list[Address] = []

    @property
    def connection_string(self) -> str:
        """The addresses, joined as ZooKeeper's clients take them."""
        return ','.join(f'{host}:{port}' for host, port in self.addresses)

    def cut(self) -> None:
        """Close all connections that there are."""
        self._loop.call_soon_threadsafe(self._cut)

    def refuse(self, refusing: bool) -> None:
        """Close all connections and let none come, or let them again."""
        self._refusing = refusing
        if refusing:
            self.cut()

    def hang(self, hanging: bool) -> None:
        """Keep connections but pass nothing on, or go on where it was."""
        self._loop.call_soon_threadsafe(
            self._flowing.clear if hanging else self._flowing.set)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _listen(self, target: Address) -> None:
        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await self._serve(reader, writer, target)

        server = await asyncio.start_server(serve, '127.0.0.1', 0)
        self._servers.append(server)
        host, port = server.sockets[0].getsockname()
        self.addresses.append((host, port))

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        target: Address,
    ) -> None:
        """Join a client's connection with one to the server."""
        self._writers.add(writer)
        try:
            if self._refusing:
                return
            there, back = await asyncio.open_connection(*target)
            self._writers.add(back)
            tasks = [asyncio.ensure_future(self._pass_on(reader, back)),
                     asyncio.ensure_future(self._pass_on(there, writer))]
            try:
                # When one side ends, so does the other.
                await asyncio.wait(
                    tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                self._writers.discard(back)
                back.transport.abort()
        except OSError:
            pass        # no server there: the client sees the same
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass        # was cut


class Proxies:
    """A thread with proxies."""

    def __init__(self) -> None:
        self._proxies: list[Proxy] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name='proxies', daemon=True)
        self._thread.start()

    def add(self, targets: Sequence[Address]) -> Proxy:
        """Return a new proxy that listens once for each target."""
        async def make() -> Proxy:
            proxy = Proxy(self._loop)
            self._proxies.append(proxy)
            for target in targets:
                await proxy._listen(target)
            return proxy

        return asyncio.run_coroutine_threadsafe(
            make(), self._loop).result()

    def close(self) -> None:
        """End all connections and the thread."""
        async def end() -> None:
            for proxy in self._proxies:
                for server in proxy._servers:
                    server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
