"""One thread that waits for sockets, and does what other threads ask of it.

Must not know what the sockets are for.  The thread is a daemon; a process
made by a fork has none, and `forget` closes what it has inherited.
"""
from __future__ import annotations

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any
from typing import TypeVar


T = TypeVar('T')

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

#: How often a caller looks whether the thread still lives, in seconds.
_LOOK = 1.0


class SocketLoop:
    """A selector and its thread, which `start` begins and `stop` ends."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        # While paused, calls of other threads are all that is looked at.
        self._only_calls = selectors.DefaultSelector()
        self._paused = False
        self._stopping = False
        self._calls: deque[Callable[[], object]] = deque()
        self._thread: threading.Thread | None = None
        self._waker, self._woken = socket.socketpair()
        for each in (self._waker, self._woken):
            each.setblocking(False)
        for selector in (self._selector, self._only_calls):
            selector.register(self._woken, READ, self._on_call)

    # In the thread, or before it starts

    def watch(
        self, sock: socket.socket, mask: int, call: Callable[[int], None]
    ) -> None:
        """Call something, with a mask, when a socket is ready."""
        self._selector.register(sock, mask, call)

    def change(self, sock: socket.socket, mask: int) -> None:
        """Look for something else at a socket; 0: for nothing."""
        if sock in self._selector.get_map():
            call = self._selector.get_key(sock).data
            self._selector.modify(sock, mask, call)

    def unwatch(self, sock: socket.socket) -> None:
        """Look at a socket no more."""
        if sock in self._selector.get_map():
            self._selector.unregister(sock)

    # In any thread

    def start(
        self,
        name: str,
        wait: Callable[[], float],
        step: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        """Start the thread.

        :param wait: says after how many seconds `step` is due
        :param step: is called then, and after sockets were ready
        :param end: is called at the end
        """
        self._thread = threading.Thread(
            target=self._run, args=(wait, step, end), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for that."""
        self._stopping = True
        self._wake()
        if self._thread is None:
            self._close()
        elif not self._inside():
            self._thread.join()

    def call(self, function: Callable[[], T]) -> T:
        """Run a function in the thread; return what it returns."""
        thread = self._thread
        if thread is None or self._inside():
            return function()
        done = threading.Event()
        result: list[Any] = []
        error: list[BaseException] = []

        def run() -> None:
            try:
                result.append(function())
            except Exception as exception:
                error.append(exception)
            finally:
                done.set()

        self._calls.append(run)
        self._wake()
        while thread.is_alive() and not done.wait(_LOOK):
            pass
        if not done.is_set():
            raise RuntimeError('the server has ended')
        if error:
            raise error[0]
        value: T = result[0]
        return value

    def pause(self, paused: bool) -> None:
        """Look at no socket, and call no `step`, until told otherwise."""
        def change() -> None:
            self._paused = paused

        self.call(change)

    def forget(self) -> None:
        """Let go of everything; what the parent process has lives on."""
        self._thread = None
        self._close()

    def _inside(self) -> bool:
        return self._thread is threading.current_thread()

    def _wake(self) -> None:
        try:
            self._waker.send(b'\0')
        except OSError:
            pass        # it has enough to wake it, or has ended

    def _on_call(self, mask: int) -> None:
        self._woken.recv(4096)
        while self._calls:
            self._calls.popleft()()

    def _run(
        self,
        wait: Callable[[], float],
        step: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        try:
            while not self._stopping:
                if self._paused:
                    ready = self._only_calls.select()
                else:
                    ready = self._selector.select(max(0.0, wait()))
                for key, mask in ready:
                    # One of those calls may pause it.
                    if not self._paused or key.fileobj is self._woken:
                        key.data(mask)
                if not self._paused:
                    step()
        finally:
            end()
            self._close()

    def _close(self) -> None:
        for each in (self._selector, self._only_calls,
                     self._waker, self._woken):
            each.close()
