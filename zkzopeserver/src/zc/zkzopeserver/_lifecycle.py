"""The life of a registered server: bind, serve, register, drain, leave.

Knows no engine: `Engine` is all that it wants of one.  The engine serves
in the thread that calls `Life.run`, the process's main thread as a rule;
a second thread conducts; a third registers; a fourth takes the nodes away;
two more check the server and tell ZooKeeper, if there is a check.
The conductor waits for nothing but words on a queue, where signal handlers
and the other threads put them: whatever hangs, it goes on in time.
"""
from __future__ import annotations

import contextlib
import logging
import queue
import signal
import socket
import threading
from collections.abc import Callable
from collections.abc import Iterator
from time import monotonic
from typing import Any
from typing import Protocol

import zc.zk

from . import _ending
from . import _sockets
from ._ending import Ending
from ._health import Checks
from ._options.table import Options
from ._registration import Presence


logger = logging.getLogger('zc.zkzopeserver')


class Engine(Protocol):
    """What serves HTTP on a socket that listens already.

    All but `run` may be called from any thread, more than once.
    """

    def run(self) -> None:
        """Serve in the calling thread until there is nothing to finish."""

    def retire(self) -> None:
        """Go on accepting, but ask clients to leave: Connection: close."""

    def finish(self, timeout: float) -> None:
        """Accept no more, and let `run` return when all that was accepted
        is answered, or after `timeout` seconds."""


MakeEngine = Callable[[Any, socket.socket, Options], Engine]

#: The lives that are under way in this process.
running: set[Life] = set()

_STOP = 'stop'          # a signal, or somebody called stop()
_FAILED = 'failed'      # the server cannot be registered
_LEFT = 'left'          # the nodes are gone
_STAYED = 'stayed'      # the nodes could not be taken away now
_ENDED = 'ended'        # the engine has returned


class Life:
    """One server from its socket to its end.

    :param options: the server's options
    :param make_engine: makes the engine
    :param make_presence: makes what registers, from (options, addresses,
        takeover, properties)
    :param clock: returns the seconds since some moment in the past; the
        deadlines of the end are measured by it
    """

    def __init__(
        self,
        options: Options,
        make_engine: MakeEngine,
        make_presence: Callable[..., Any] = Presence,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._options = options
        self._make_engine = make_engine
        self._make_presence = make_presence
        self._clock = clock
        # A SimpleQueue may be put on by a signal handler that interrupts
        # another put.
        self._words: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._ending: Ending | None = None      # an orderly one
        self._checks: Checks | None = None
        self._broken = False        # the engine cannot be told to finish
        #: The (host, port) pair that the socket got, once it is bound.
        self.address: tuple[str, int] | None = None

    def stop(self) -> None:
        """Leave in order; the second call skips the waiting."""
        self._words.put(_STOP)

    def _signalled(self) -> None:
        if self._broken:
            raise SystemExit(1)
        self.stop()

    def run(self, application: Any, properties: dict[str, Any]) -> None:
        """Serve until told to stop.

        :param application: the WSGI application
        :param properties: more properties for the nodes
        :raises OptionError: when the server could not start
        """
        options = self._options
        listener = self._listen()
        with contextlib.closing(listener):
            host, port = listener.getsockname()[:2]
            self.address = host, port
            presence = self._make_presence(
                options,
                _sockets.addresses(options.host, port, options.advertise),
                # Two processes cannot hold one socket: whoever owns a node
                # of this name has lost it.  Where another address is
                # advertised, nothing follows from the socket.
                not options.advertise,
                properties,
            )
            if options.check is not None:
                self._checks = Checks(options, self.address, presence)
            engine = self._make_engine(application, listener, options)
            running.add(self)
            try:
                with _signals(self._signalled):
                    self._run(engine, presence)
            finally:
                running.discard(self)
        if self._failure is not None:
            raise self._failure

    def _listen(self) -> socket.socket:
        options = self._options
        try:
            return _sockets.listen(options.host, options.port)
        except socket.gaierror as e:
            raise options.error(
                'host', f'cannot listen on {options.host!r}: {e.strerror}'
            ) from e
        except OSError as e:
            raise options.error(
                'port' if options.port else 'host',
                f'cannot listen on {options.host}:{options.port}: '
                f'{e.strerror}') from e

    def _run(self, engine: Engine, presence: Any) -> None:
        threads = [
            threading.Thread(target=target, args=args, daemon=True,
                             name=f'zc.zkzopeserver {name}')
            for name, target, args in (
                ('register', self._register, (presence,)),
                ('conduct', self._conduct, (engine, presence)))]
        logger.info('serving on %s',
                    zc.zk.format_addr(self.address or ('', 0)))
        if self._checks is not None:
            self._checks.start()
        for thread in threads:
            thread.start()
        try:
            engine.run()
        finally:
            self._stop_checks()
            self._words.put(_ENDED)
            threads[1].join()
            timeout = _ending.CLOSE
            if self._ending is not None:
                timeout = self._ending.close(self._clock())
            presence.close(timeout)
            logger.info('stopped')

    def _register(self, presence: Any) -> None:
        try:
            if self._checks is None or self._checks.wait():
                presence.enter()
        except Exception as e:
            self._failure = e
            self._words.put(_FAILED)

    def _conduct(self, engine: Engine, presence: Any) -> None:
        try:
            if self._words.get() == _STOP:
                self._end(engine, presence)
        except Exception:
            logger.exception('the server cannot end in order')
        finally:
            # A second signal, a failed start, the engine's own end, or an
            # error: no more waiting.
            try:
                engine.finish(0)
            except BaseException:
                self._broken = True
                raise

    def _end(self, engine: Engine, presence: Any) -> None:
        """Take the steps of an orderly end; return when one is skipped."""
        logger.info('leaving')
        # Its nodes go: they need not say any more how it is.
        self._stop_checks()
        options = self._options
        self._ending = ending = Ending(
            options.drain, options.shutdown_timeout, self._clock())
        threading.Thread(
            target=self._leave, args=(presence,), daemon=True,
            name='zc.zkzopeserver leave').start()
        word = self._pause(ending.leave())
        gone = word == _LEFT
        if word is None:
            logger.warning(
                'ZooKeeper has not taken the nodes away in %g seconds; going '
                'on without it', ending.leave())
        elif word not in (_LEFT, _STAYED):
            return
        engine.retire()
        until = self._clock() + ending.drain(self._clock())
        while (word := self._pause(until - self._clock())) in (_LEFT, _STAYED):
            gone = word == _LEFT
        if word is not None:
            return
        if gone:
            # At the same time: it costs the requests nothing.
            presence.begin_close()
        engine.finish(ending.finish(self._clock(), gone))
        while self._words.get() in (_LEFT, _STAYED):
            pass

    def _stop_checks(self) -> None:
        if self._checks is not None:
            self._checks.stop()

    def _leave(self, presence: Any) -> None:
        try:
            gone = presence.leave()
        except Exception:
            logger.exception('the nodes could not be taken away')
            gone = False
        self._words.put(_LEFT if gone else _STAYED)

    def _pause(self, timeout: float) -> str | None:
        """Wait, in seconds; return the word that came in between."""
        try:
            # Up to Python 3.12, a `get` whose timeout is over at once may
            # wait for ever at a queue that nobody has waited at yet.
            return self._words.get_nowait()
        except queue.Empty:
            if timeout <= 0:
                return None
        try:
            return self._words.get(timeout=timeout)
        except queue.Empty:
            return None


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGTERM, SIGINT and SIGHUP.

    SIGHUP stays ignored where it is (nohup, and reloaders for their
    worker).  Only the main thread may handle signals; in another, whoever
    runs the process has to call `stop`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        old = signal.getsignal(number)
        if number == signal.SIGHUP and old == signal.SIG_IGN:
            continue
        before[number] = old
        signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
