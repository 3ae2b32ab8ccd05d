"""Tests of probes: who can be connected to."""
from __future__ import annotations

import socket
import unittest
from unittest import mock

from zc.zk._doctor import probes
from zc.zk._doctor.rules.reach import Outcome
from zc.zk.tests.doctor.doctorcase import refusing


class Attempt(unittest.TestCase):

    def test_real(self):
        """Who listens accepts; who does not refuses."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        self.assertEqual(Outcome.ACCEPTED, probes.attempt(
            listener.getsockname(), 30))
        self.assertEqual(Outcome.REFUSED, probes.attempt(
            refusing(self), 30))

    def test_errors(self):
        """Each error has its meaning."""
        for error, outcome in (
                (socket.gaierror(), Outcome.UNKNOWN_HOST),
                (TimeoutError(), Outcome.TIMED_OUT),
                (OSError(113, 'No route to host'), Outcome.UNREACHABLE)):
            with mock.patch('socket.create_connection', side_effect=error):
                self.assertEqual(outcome, probes.attempt(('h', 1), 1))

    def test_odd_hosts(self):
        """Whatever a host is called, it is no error."""
        for host in ('a' * 300, '.', '\udc80', 'a..b', '%', '\0'):
            self.assertIn(probes.attempt((host, 1), 1), (
                Outcome.UNKNOWN_HOST, Outcome.UNREACHABLE), host)


class Attempts(unittest.TestCase):

    def test_silent_host(self):
        """A host that is silent at some ports is not asked for all."""
        asked = []

        def attempt(address, timeout):
            asked.append(address)
            return Outcome.TIMED_OUT

        addresses = [('a', port) for port in range(1, 500)]
        with mock.patch.object(probes, 'attempt', attempt), \
                mock.patch.object(probes.crowd, 'AT_ONCE', 1):
            found = probes.attempts(addresses, 1, lambda done, total: None)
        self.assertEqual(dict.fromkeys(addresses, Outcome.TIMED_OUT), found)
        self.assertEqual(probes.SILENT, len(asked))
