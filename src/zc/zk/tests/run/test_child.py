import unittest

from zc.zk._run.child import arguments
from zc.zk._run.child import environment
from zc.zk._run.sockets import Place


class ChildTests(unittest.TestCase):

    def test_arguments(self):
        """The place is filled in; other braces stay."""
        self.assertEqual(
            ['--fd=3', 'web1:81', '{x}', '{}', 'awk {print}', ''],
            arguments(['--fd={fd}', '{host}:{port}', '{x}', '{}',
                    'awk {print}', '{unix}'], Place('web1', 81)))
        self.assertEqual(
            ['0.0.0.0', '/a'],
            arguments(['{host}', '{unix}'], Place('', 81, '/a')))

    def test_environment(self):
        """What concerns our own parent is not handed on."""
        own = {'PATH': '/bin', 'LISTEN_FDS': '2', 'LISTEN_PID': '1',
               'LISTEN_FDNAMES': 'a:b', 'NOTIFY_SOCKET': '/run/systemd',
               'WATCHDOG_USEC': '1'}
        place = Place('web1', 81)
        self.assertEqual(
            {'PATH': '/bin', 'HOST': 'web1', 'PORT': '81'},
            environment(place, False, None, own))
        self.assertEqual(
            {'PATH': '/bin', 'HOST': 'web1', 'PORT': '81',
             'LISTEN_FDS': '1', 'NOTIFY_SOCKET': '/n'},
            environment(place, True, '/n', own))
