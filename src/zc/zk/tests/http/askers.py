"""Sixteen clients that ask a service without end, with each library.

Each keeps asking until `Askers.stop`; every failed request is kept.
"""
from __future__ import annotations

import asyncio
import itertools
import threading
from typing import Any

import aiohttp
import httpx
import requests

import zc.zk
import zc.zk.aiohttp
import zc.zk.httpx
import zc.zk.requests


CLIENTS = 16
URL = 'http://fooservice/path'
# Seconds to wait for an answer.  Each comes within milliseconds, but the
# machine that tests run on may be busy.
ANSWER = 2.0
# Seconds that a client waits between two requests: the servers are the
# test, not the processor.
PAUSE = 0.05
METHODS = ('GET', 'PUT', 'GET', 'DELETE', 'GET', 'HEAD', 'GET', 'POST')


class Askers:
    """What all of them count.

    :ivar answered: how many requests were answered
    :ivar failed: the method and the error of each one that was not
    :ivar posted: the bodies of POSTs that were answered
    """

    def __init__(self, providers: zc.zk.Providers) -> None:
        self.providers = providers
        self.answered = 0
        self.failed: list[tuple[str, Exception]] = []
        self.posted: list[str] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,))
                         for number in range(self.threads())]

    def threads(self) -> int:
        return CLIENTS

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait(self, count: int, deadline: float) -> None:
        """Wait until so many more requests were answered.

        :raises AssertionError: when that takes longer than the deadline
        """
        with self._changed:
            until = self.answered + count
            if not self._changed.wait_for(
                    lambda: self.answered >= until, deadline):
                raise AssertionError(f'no {count} answers in {deadline} s')

    def _count(
        self, method: str, body: str, error: Exception | None
    ) -> None:
        with self._changed:
            if error is not None:
                self.failed.append((method, error))
            else:
                self.answered += 1
                if method == 'POST':
                    self.posted.append(body)
            self._changed.notify_all()

    def _next(self) -> tuple[str, str]:
        number = next(self._numbers)
        return METHODS[number % len(METHODS)], str(number)

    def _run(self, number: int) -> None:
        while not self._stopped.is_set():
            method, body = self._next()
            try:
                self.ask(method, body)
            except Exception as e:
                self._count(method, body, e)
            else:
                self._count(method, body, None)
            self._stopped.wait(PAUSE)

    def ask(self, method: str, body: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.stop()


class HttpxAskers(Askers):
    """Threads that share one `httpx.Client`."""

    def __init__(self, providers: zc.zk.Providers) -> None:
        super().__init__(providers)
        self._client = httpx.Client(
            mounts={'http://fooservice': zc.zk.httpx.Transport(providers)},
            timeout=httpx.Timeout(10, read=ANSWER))

    def ask(self, method: str, body: str) -> None:
        self._client.request(
            method, URL,
            content=body if method in ('PUT', 'POST') else None
        ).raise_for_status()

    def close(self) -> None:
        super().close()
        self._client.close()


class RequestsAskers(Askers):
    """Threads, each with a `requests.Session`; they share an adapter."""

    def __init__(self, providers: zc.zk.Providers) -> None:
        super().__init__(providers)
        self._adapter = zc.zk.requests.Adapter(
            providers, timeout=(10, ANSWER))
        self._local = threading.local()

    def ask(self, method: str, body: str) -> None:
        session = getattr(self._local, 'session', None)
        if session is None:
            session = self._local.session = requests.Session()
            session.mount('http://fooservice/', self._adapter)
        session.request(
            method, URL, data=body if method in ('PUT', 'POST') else None
        ).raise_for_status()

    def close(self) -> None:
        super().close()
        self._adapter.close()


class AiohttpAskers(Askers):
    """Tasks that share one `aiohttp.ClientSession`, in one thread."""

    def threads(self) -> int:
        return 1

    def _run(self, number: int) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        async with aiohttp.ClientSession(middlewares=[
                zc.zk.aiohttp.Middleware(
                    'fooservice', self.providers, timeout=ANSWER)
                ]) as session:
            await asyncio.gather(*(
                self._keep_asking(session) for _ in range(CLIENTS)))

    async def _keep_asking(self, session: Any) -> None:
        while not self._stopped.is_set():
            method, body = self._next()
            try:
                async with session.request(
                        method, URL,
                        data=body if method in ('PUT', 'POST') else None
                        ) as response:
                    response.raise_for_status()
                    await response.read()
            except Exception as e:
                self._count(method, body, e)
            else:
                self._count(method, body, None)
            await asyncio.sleep(PAUSE)


KINDS: dict[str, type[Askers]] = {
    'aiohttp': AiohttpAskers,
    'httpx': HttpxAskers,
    'requests': RequestsAskers,
}
