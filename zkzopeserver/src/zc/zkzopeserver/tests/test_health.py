"""What follows from checks, with a presence that only records."""
from __future__ import annotations

import json
import os
import queue
import tempfile
import threading
import unittest
from typing import Any
from unittest import mock

import zc.zk.checks
import zc.zk.monitor
from zc.zkzopeserver import _health
from zc.zkzopeserver._health import Checks
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import wait_for


class FakePresence:
    """Records what it is told, after the errors that it was given."""

    def __init__(self) -> None:
        self.told: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.errors: list[Exception] = []

    def mark(self, up: bool) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.told.put(up)


class ChecksTests(unittest.TestCase):

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.good = os.path.join(directory.name, 'good')
        self.presence = FakePresence()

    def set_good(self, good: bool) -> None:
        """Have the checks pass from now on, or fail."""
        if good:
            with open(self.good, 'w'):
                pass
        else:
            os.unlink(self.good)

    def checks(self, **options: Any) -> Checks:
        """Return checks that are under way."""
        given = {'path': '/p', 'check_interval': 0.01,
                 'check_timeout': DEADLINE, **options}
        checks = Checks(
            Options(check=zc.zk.checks.parse(f'cmd:test -e {self.good}'),
                    **given), ('0.0.0.0', 1), self.presence)
        before = set(threading.enumerate())
        checks.start()
        for thread in set(threading.enumerate()) - before:
            self.addCleanup(thread.join, DEADLINE)
        self.addCleanup(checks.stop)
        return checks

    def wait_for(self, up: bool) -> None:
        """Wait until the presence is told that the server is up, or down."""
        while self.presence.told.get(timeout=DEADLINE) != up:
            pass

    def test_health(self):
        """The presence is told that it is down, again and again, and up."""
        self.set_good(True)
        with self.assertLogs('zc.zkzopeserver', 'INFO') as logs:
            checks = self.checks()
            self.assertTrue(checks.wait())
            self.set_good(False)
            for _ in range(3):
                self.wait_for(False)
            self.assertEqual('test ended with 1', checks.reason())
            self.set_good(True)
            self.wait_for(True)
            self.assertEqual('', checks.reason())
            checks.stop()
        self.assertEqual(
            ['the check passes', 'the server is down: test ended with 1',
             'the server is up again'],
            [each.getMessage() for each in logs.records])

    def test_not_ready(self):
        """It is not ready before a check passes, and the log says why."""
        with self.assertLogs('zc.zkzopeserver', 'INFO') as logs:
            checks = self.checks()
            wait_for(lambda: checks.reason() == 'test ended with 1')
            ready: list[bool] = []
            waiting = threading.Thread(
                target=lambda: ready.append(checks.wait()))
            waiting.start()
            self.addCleanup(waiting.join, DEADLINE)
            self.set_good(True)
            waiting.join(DEADLINE)
        self.assertEqual([True], ready)
        self.assertEqual(
            ['not registered before its check passes: test ended with 1',
             'the check passes'],
            [each.getMessage() for each in logs.records])

    def test_stopped_before(self):
        """Nobody waits for checks that were stopped."""
        checks = self.checks()
        checks.stop()
        self.assertFalse(checks.wait())

    def test_zookeeper_fails(self):
        """ZooKeeper is told later when it fails; health stays as it is."""
        self.set_good(True)
        self.presence.errors = [ValueError('gone')] * 3
        with (mock.patch.object(_health, 'FIRST_DELAY', 0.001),
              self.assertLogs('zc.zkzopeserver', 'WARNING') as logs):
            checks = self.checks(down_after=1)
            self.assertTrue(checks.wait())
            self.set_good(False)
            self.wait_for(False)
        self.assertEqual(
            ['the server is down: test ended with 1',
             'cannot tell ZooKeeper how the server is, trying on: '
             'ValueError gone'],
            [each.getMessage() for each in logs.records])

    def test_monitor(self):
        """The monitor shows it, while it is checked."""
        def shown() -> Any:
            written: list[str] = []
            zc.zk.monitor.health(mock.Mock(write=written.append))
            return json.loads(''.join(written))

        checks = self.checks(monitor_server='/x')
        wait_for(lambda: shown() == [
            {'path': '/p', 'healthy': False,
             'reason': 'test ended with 1'}])
        self.set_good(True)
        wait_for(lambda: shown() == [
            {'path': '/p', 'healthy': True, 'reason': ''}])
        checks.stop()
        self.assertEqual([], shown())
