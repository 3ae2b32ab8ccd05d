"""Tests of the doctor on Apache ZooKeeper: one server, and an ensemble."""
from __future__ import annotations

import json
import socket
import ssl
import unittest

import zc.zk
from zc.zk import _doctor
from zc.zk import _zczk
from zc.zk._doctor import words
from zc.zk.tests.ensemble import Ensemble
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.scripted import ScriptMixin


class RealDoctor(ScriptMixin, unittest.TestCase):

    level = 2

    def rules(self, *words):
        """Return the exit status, and the rules by path."""
        status, out, err = self.run_script(
            _zczk.main, *words, '--json', '--watch', '0')
        found = [json.loads(line) for line in out.splitlines()]
        return status, [(each['rule'], each['path']) for each in found], err

    def registered(self, zookeeper):
        """Register a server that is there."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        zk = zc.zk.ZooKeeper(zookeeper.connection_string, 4.0)
        self.addCleanup(zk.close)
        zk.import_tree('/web\n  /providers\n')
        zk.register('/web/providers', listener.getsockname())
        return zk

    def test_one(self):
        """A server alone is well; what is wrong in its tree is found."""
        with RealServer() as server:
            zk = self.registered(server)
            self.assertEqual([], _doctor.examine(zk, watch=0))
            zk.register('/web/providers', '0.0.0.0:80')
            self.assertEqual(
                (1, [('wildcard', '/web/providers/0.0.0.0:80')], ''),
                self.rules('-z', server.connection_string, 'doctor'))
            self.assertEqual(
                ['clock-skew', 'wildcard'],
                sorted(each.rule for each in _doctor.examine(
                    zk, watch=0, clock=lambda: 0.0)))

    def test_silent_words(self):
        """A server that answers no four-letter words is well."""
        with RealServer(config={
                '4lw.commands.whitelist': 'ruok, srvr'}) as server:
            zk = self.registered(server)
            self.assertEqual([], _doctor.examine(zk, watch=0))

    def test_tls(self):
        """A server that speaks TLS only is asked by TLS."""
        with RealServer(tls=True) as server:
            made = server.certificates
            where = ['-z', server.secure_connection_string, 'doctor',
                     '--tls-ca', str(made.authority)]
            keys = ['--tls-cert', str(made.client),
                    '--tls-key', str(made.client_key)]
            self.assertEqual((0, [], ''), self.rules(*where, *keys))
            context = ssl.create_default_context(cafile=made.authority)
            context.load_cert_chain(made.client, made.client_key)
            self.assertEqual('standalone', words.ask(
                ('localhost', server.secure_port), 30, context).mode)

    def test_session_timeout(self):
        """A session timeout out of bounds is found."""
        with RealServer(config={'maxSessionTimeout': 3_000}) as server:
            zk = self.registered(server)
            self.assertEqual(['session-timeout'], [
                each.rule for each in _doctor.examine(zk, watch=0)])

    def test_ensemble(self):
        """An ensemble is well; a member that is down is found, and so is
        the end of the quorum.
        """
        with Ensemble() as ensemble:
            ensemble.leader()
            zk = self.registered(ensemble)
            where = ensemble.connection_string
            self.assertEqual((0, [], ''), self.rules('-z', where, 'doctor'))
            zk.close()
            first, second, third = ensemble.members
            first.kill()
            ensemble.members = [second, third]
            ensemble.leader()
            self.assertEqual(
                (1, [('server-down', first.connection_string)], ''),
                self.rules('-z', where, 'doctor', '--timeout', '60'))
            second.kill()
            ensemble.members = [third]
            status, found, err = self.rules(
                '-z', where, 'doctor', '--timeout', '1')
            self.assertEqual((1, ''), (status, err))
            self.assertLessEqual(
                {('server-down', first.connection_string),
                 ('server-down', second.connection_string),
                 ('no-session', where)}, set(found))
