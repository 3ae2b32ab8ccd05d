"""Trouble with any bulk request."""
import unittest
from unittest import mock

import kazoo.exceptions
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import OperationTimeoutError
from kazoo.exceptions import SessionExpiredError
from kazoo.exceptions import UnimplementedError
from kazoo.handlers.threading import SequentialThreadingHandler

from zc.zk._session import wire
from zc.zk._session.requests import Bulk
from zc.zk._session.requests import is_connection_error


class Trouble(unittest.TestCase):

    def setUp(self):
        self.handler = SequentialThreadingHandler()
        self.client = mock.Mock(handler=self.handler, chroot='')
        self.bulk = Bulk(self.client, timeout=0.01)

    def result(self, value=None, error=None):
        result = self.handler.async_result()
        if error is not None:
            result.set_exception(error)
        else:
            result.set(value)
        return result

    def test_timeout(self):
        """No reply in time is an error that says how long it took."""
        with self.assertRaises(OperationTimeoutError) as caught:
            self.bulk.wait(self.handler.async_result())
        self.assertEqual('no reply within 0.01 seconds',
                         str(caught.exception))
        self.assertTrue(is_connection_error(caught.exception))

    def test_value(self):
        """A reply's value or error is handed on."""
        self.assertEqual(1, self.bulk.wait(self.result(1)))
        with self.assertRaises(NoNodeError):
            self.bulk.wait(self.result(error=NoNodeError()))

    def test_connection(self):
        """An error of the connection is raised, not taken for a node's."""
        for error in (ConnectionLoss(), SessionExpiredError()):
            self.client.get_async.side_effect = [
                self.result((b'', None)), self.result(error=error)]
            with self.assertRaises(type(error)):
                self.bulk.data(['/a'])
                self.bulk.data(['/b'])

    def test_connection_in_multi_read(self):
        """So it is in a request for many."""
        def lose(request, result):
            result.set_exception(ConnectionLoss())

        self.client._call = lose
        with self.assertRaises(ConnectionLoss):
            self.bulk.data(['/a'] * 10)

    def test_old_server_drops(self):
        """Of a connection dropped again and again, the error is told."""
        def refuse(request, result):
            result.set_exception(UnimplementedError())

        self.client._call = refuse
        self.client.get_async.side_effect = lambda path: self.result(
            error=ConnectionLoss())
        with self.assertRaises(ConnectionLoss):
            self.bulk.data(['/a'] * 10)

    def test_is_connection_error(self):
        """Errors of the connection are told from those of nodes."""
        for name in ('AuthFailedError', 'ConnectionClosedError',
                     'ConnectionDropped', 'ConnectionLoss',
                     'OperationTimeoutError', 'SessionExpiredError',
                     'SessionMovedError'):
            error = getattr(kazoo.exceptions, name)()
            self.assertTrue(is_connection_error(error), name)
        for error in (NoNodeError(), NoAuthError(), BadVersionError(),
                      ValueError()):
            self.assertFalse(is_connection_error(error))

    def test_kind_of_connection_error(self):
        """A subclass of such an error is one; a namesake is none."""
        class Worse(ConnectionLoss):
            pass

        class SessionExpiredError(Exception):
            pass

        self.assertTrue(is_connection_error(Worse()))
        self.assertFalse(is_connection_error(SessionExpiredError()))

    def test_request(self):
        """What kazoo logs of a request has no data in it."""
        request = wire.Request(14, b'secret', wire.read_nothing)
        self.assertEqual('<request 14, 6 bytes>', repr(request))
