"""The life of a server, with an engine and a presence that only record."""
from __future__ import annotations

import os
import signal
import socket
import threading
import unittest
from typing import Any
from unittest import mock

from zc.zkzopeserver import _ending
from zc.zkzopeserver._lifecycle import Life
from zc.zkzopeserver._options.table import OptionError
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import wait_for


class Record(list[Any]):
    """What happened, in order; `wait` waits until something has."""

    def __init__(self) -> None:
        super().__init__()
        self._condition = threading.Condition()

    def __call__(self, *what: Any) -> None:
        with self._condition:
            self.append(what[0] if len(what) == 1 else what)
            self._condition.notify_all()

    def wait(self, what: Any) -> None:
        with self._condition:
            if not self._condition.wait_for(lambda: what in self, DEADLINE):
                raise AssertionError(f'{what} did not happen: {self}')


class Engine:
    """Runs until `finish` was called and the test let it end."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.may_end = threading.Event()
        self.may_end.set()
        self._finished = threading.Event()

    def __call__(self, application: Any, listener: Any, options: Any) -> Any:
        self.record('listening', listener.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        return self

    def run(self) -> None:
        self.record('serve')
        while not self._finished.wait(0.01):
            pass            # signals are handled between two waits
        self.may_end.wait(DEADLINE)
        self.record('served')

    def retire(self) -> None:
        self.record('retire')

    def finish(self, timeout: float) -> None:
        self.record('finish', timeout)
        if not timeout:
            self.may_end.set()
        self._finished.set()


class Presence:

    def __init__(self, record: Record, error: Any = None) -> None:
        self.record = record
        self.error = error
        self.gone = True
        self.may_leave = threading.Event()
        self.may_leave.set()

    def __call__(self, *args: Any) -> Any:
        self.options, self.addresses, self.takeover, self.properties = args
        return self

    def enter(self) -> None:
        self.record('enter')
        if self.error:
            raise self.error

    def leave(self) -> bool:
        self.record('leave')
        self.may_leave.wait(DEADLINE)
        return self.gone

    def begin_close(self) -> None:
        self.record('begin_close')

    def close(self, timeout: float) -> None:
        self.timeout = timeout
        self.record('close')


class LifeTests(unittest.TestCase):

    def setUp(self) -> None:
        self.record = Record()
        self.engine = Engine(self.record)
        self.presence = Presence(self.record)

    def life(self, **options: Any) -> Life:
        given = {'path': '/a', 'host': '127.0.0.1', 'drain': 0.0, **options}
        self.now = 100.0
        return Life(Options(section='x.ini [server:main]', **given),
                    self.engine, self.presence, lambda: self.now)

    def begin(self, life: Life) -> threading.Thread:
        thread = threading.Thread(target=life.run, args=(None, {'a': 1}))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.engine.finish, 0)
        self.addCleanup(self.presence.may_leave.set)
        self.record.wait('enter')
        self.record.wait('serve')
        return thread

    def test_order(self):
        """It listens, serves, leaves, drains, finishes and closes."""
        life = self.life(shutdown_timeout=3.0)
        thread = self.begin(life)
        life.stop()
        thread.join(DEADLINE)
        self.assertEqual(('listening', 1), self.record[0])
        self.assertEqual({'serve', 'enter'}, set(self.record[1:3]))
        self.assertEqual(
            ['leave', 'retire', 'begin_close', ('finish', 3.0), 'served',
             ('finish', 0), 'close'], self.record[3:])
        self.assertEqual(1.0, self.presence.timeout)

    def test_registers_what_it_bound(self):
        """The host as given and the bound port are registered."""
        life = self.life()
        self.begin(life)
        assert life.address is not None
        self.assertEqual([('127.0.0.1', life.address[1])],
                         self.presence.addresses)
        self.assertTrue(self.presence.takeover)
        self.assertEqual({'a': 1}, self.presence.properties)

    def test_no_takeover_of_an_advertised_address(self):
        """What another address stands for is not known from the socket."""
        self.begin(self.life(advertise=(('x', 80),)))
        self.assertEqual([('x', 80)], self.presence.addresses)
        self.assertFalse(self.presence.takeover)

    def test_drain(self):
        """While it drains, the engine is not told to finish."""
        life = self.life(drain=1000.0)
        self.begin(life)
        life.stop()
        self.record.wait('retire')
        self.assertNotIn(('finish', 8.0), self.record)
        life.stop()
        self.record.wait(('finish', 0))

    def test_second_signal(self):
        """A second stop while it finishes skips the waiting."""
        life = self.life()
        self.engine.may_end.clear()
        thread = self.begin(life)
        life.stop()
        self.record.wait(('finish', 8.0))
        self.assertNotIn('served', self.record)
        life.stop()
        thread.join(DEADLINE)
        self.assertIn('served', self.record)

    def test_second_signal_while_leaving(self):
        """So does a second stop while ZooKeeper is waited for."""
        self.presence.may_leave.clear()
        life = self.life(drain=1000.0, shutdown_timeout=1000.0)
        thread = self.begin(life)
        life.stop()
        self.record.wait('leave')
        life.stop()
        thread.join(DEADLINE)
        self.assertEqual(
            [('finish', 0), 'served', 'close'],
            self.record[4:])
        self.assertNotIn('retire', self.record)

    def test_zookeeper_does_not_answer(self):
        """It goes on without ZooKeeper, which costs the requests time."""
        self.presence.may_leave.clear()
        life = self.life(shutdown_timeout=3.0)
        with (mock.patch.object(_ending, 'LEAVE', 0.01),
              self.assertLogs('zc.zkzopeserver', 'WARNING') as logs):
            thread = self.begin(life)
            life.stop()
            thread.join(DEADLINE)
        self.assertEqual(
            ['leave', 'retire', ('finish', 2.0), 'served', ('finish', 0),
             'close'], self.record[3:])
        self.assertEqual([
            'ZooKeeper has not taken the nodes away in 0.01 seconds; going '
            'on without it'], [each.getMessage() for each in logs.records])

    def test_nodes_that_stay(self):
        """The session goes on when the nodes could not be taken away."""
        self.presence.gone = False
        life = self.life(shutdown_timeout=3.0)
        thread = self.begin(life)
        life.stop()
        thread.join(DEADLINE)
        self.assertEqual(
            ['leave', 'retire', ('finish', 2.0), 'served', ('finish', 0),
             'close'], self.record[3:])

    def test_nodes_gone_late(self):
        """Nodes that go while it drains are gone when it finishes."""
        self.presence.may_leave.clear()
        life = self.life(drain=1000.0, shutdown_timeout=3.0)
        with mock.patch.object(_ending, 'LEAVE', 0.01):
            self.begin(life)
            life.stop()
            self.record.wait('retire')
        self.now += 2000.0
        self.presence.may_leave.set()
        self.record.wait('begin_close')

    def test_error_while_leaving(self):
        """An error in its end is logged, and it ends all the same."""
        for name in 'leave', 'retire', 'begin_close':
            with self.subTest(name):
                self.setUp()
                target = self.engine if name == 'retire' else self.presence
                setattr(target, name, lambda: 1 / 0)
                life = self.life()
                with self.assertLogs('zc.zkzopeserver', 'ERROR') as logs:
                    thread = self.begin(life)
                    life.stop()
                    thread.join(DEADLINE)
                self.assertFalse(thread.is_alive())
                self.assertIn('ZeroDivisionError', logs.output[0])
                self.assertEqual('close', self.record[-1])

    def test_engine_that_cannot_finish(self):
        """When the engine does not take the word, a signal ends it."""
        finish, self.engine.finish = self.engine.finish, lambda _: 1 / 0
        self.addCleanup(finish, 0)
        conducting = []
        patch = mock.patch.object(
            threading, 'excepthook', lambda args: conducting.append(args))
        patch.start()
        self.addCleanup(patch.stop)

        def kill() -> None:
            self.record.wait('serve')
            os.kill(os.getpid(), signal.SIGTERM)
            wait_for(lambda: conducting)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=kill)
        thread.start()
        with (self.assertLogs('zc.zkzopeserver', 'ERROR'),
              self.assertRaises(SystemExit)):
            self.life().run(None, {})
        thread.join(DEADLINE)
        self.assertEqual('close', self.record[-1])

    def test_failed_registration(self):
        """When registration fails, it ends at once, with the error."""
        error = OptionError('', 'path', 'no')
        self.presence.error = error
        with self.assertRaises(OptionError) as caught:
            self.life().run(None, {})
        self.assertIs(error, caught.exception)
        self.assertIn(('finish', 0), self.record)
        self.assertEqual('close', self.record[-1])
        self.assertNotIn('retire', self.record)

    def test_engine_error(self):
        """When the engine fails, the session is ended all the same."""
        self.engine.run = lambda: 1 / 0
        with self.assertRaises(ZeroDivisionError):
            self.life().run(None, {})
        self.assertEqual('close', self.record[-1])

    def test_port_in_use(self):
        """A port in use is an error that names the option."""
        with socket.socket() as other:
            other.bind(('127.0.0.1', 0))
            other.listen()
            port = other.getsockname()[1]
            with self.assertRaises(OptionError) as caught:
                self.life(port=port).run(None, {})
        self.assertRegex(
            str(caught.exception),
            rf'^x.ini \[server:main\]: option port: cannot listen on '
            rf'127.0.0.1:{port}: Address already in use$')
        self.assertEqual([], self.record)

    def test_unknown_host(self):
        """So is a host that is not known."""
        with self.assertRaises(OptionError) as caught:
            self.life(host='no-such-host.invalid').run(None, {})
        self.assertIn('option host: cannot listen', str(caught.exception))

    def test_signals(self):
        """SIGTERM, SIGINT and SIGHUP stop it; handlers are put back."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                self.setUp()
                before = signal.getsignal(number)
                kill = threading.Thread(target=lambda n=number: (
                    self.record.wait('serve'), self.record.wait('enter'),
                    os.kill(os.getpid(), n)))
                kill.start()
                self.life().run(None, {})
                kill.join(DEADLINE)
                self.assertIn('leave', self.record)
                self.assertEqual(before, signal.getsignal(number))

    def test_ignored_hangup(self):
        """SIGHUP stays ignored under nohup."""
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        life = self.life()
        seen = []

        def check() -> None:
            self.record.wait('serve')
            seen.append(signal.getsignal(signal.SIGHUP))
            life.stop()

        thread = threading.Thread(target=check)
        thread.start()
        life.run(None, {})
        thread.join(DEADLINE)
        self.assertEqual([signal.SIG_IGN], seen)


class PauseTests(unittest.TestCase):

    def test_after_an_early_signal(self) -> None:
        """A pause ends in time also when the first signal was not waited
        for; Python's own wait may then be endless.
        """
        left = list(range(20_000))

        def pause() -> None:
            while left:
                life = Life(Options(), Engine(Record()))
                life.stop()
                life._words.get()
                for timeout in (0.0, 1e-6):
                    if life._pause(timeout) is not None:
                        return
                left.pop()

        thread = threading.Thread(target=pause, daemon=True)
        thread.start()
        thread.join(DEADLINE)
        self.assertEqual([], left)
