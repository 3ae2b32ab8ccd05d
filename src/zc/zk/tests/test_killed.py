"""Imports whose client or server is killed in the middle."""
from __future__ import annotations

import subprocess
import sys
import unittest

import zc.zk
from zc.zk._session.requests import Bulk
from zc.zk._transfer import importer as _transfer
from zc.zk._tree.parser import parse_tree
from zc.zk.tests import trees
from zc.zk.tests.base import wait_for
from zc.zk.tests.realserver import RealServer


# Imports a tree again and again until it is killed, each time below a new
# node whose name it prints before.
IMPORTER = '''
import itertools, sys
import zc.zk
from zc.zk.tests.trees import big_text
text = big_text(int(sys.argv[2]))
with zc.zk.ZooKeeper(sys.argv[1]) as zk:
    for number in itertools.count():
        zk.create(f'/n{number}', '{}')
        print(f'/n{number}', flush=True)
        zk.import_tree(text, f'/n{number}')
'''


class KilledClientTests(unittest.TestCase):

    level = 2

    def setUp(self):
        server = RealServer()
        self.addCleanup(server.close)
        server.start()
        self.host = server.connection_string
        self.zk = zc.zk.ZooKeeper(self.host)
        self.addCleanup(self.zk.close)

    def importer(self, count):
        process = subprocess.Popen(
            [sys.executable, '-c', IMPORTER, self.host, str(count)],
            stdout=subprocess.PIPE, encoding='utf-8')
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def count(self, path):
        """Return how many nodes there are below a path."""
        return sum(1 for _ in self.zk.walk(path)) - 1

    def test_what_fits_one_transaction(self):
        """A tree of one transaction is there whole or not at all."""
        for number in range(5):
            process = self.importer(1000)
            for _ in range(number):
                process.stdout.readline()
            path = process.stdout.readline().strip()
            process.kill()
            process.wait()
            self.zk.client.sync('/')
            for name in self.zk.get_children('/'):
                if name != 'zookeeper':
                    self.assertIn(self.count('/' + name), (0, 1000))
            self.assertTrue(path)
            for name in self.zk.get_children('/'):
                if name != 'zookeeper':
                    self.zk.delete_recursive('/' + name)

    def test_a_larger_tree(self):
        """An import that was killed half way is completed by another."""
        process = self.importer(20_000)
        path = process.stdout.readline().strip()
        wait_for(lambda: self.zk.get_children(path), 'the first transaction')
        process.kill()
        process.wait()
        self.assertLessEqual(self.count(path), 20_000)
        text = trees.big_text(20_000)
        self.zk.import_tree(text, path)
        self.assertEqual(self.zk.export_tree(path + '/node-000000'), text)


class KillingBulk(Bulk):
    """A Bulk whose server is killed with a transaction under way."""

    def __init__(self, client, server):
        super().__init__(client)
        self.server = server
        self.kill_at = -1
        self.commits = 0

    def commit_async(self, ops):
        pending = super().commit_async(ops)
        if self.commits == self.kill_at:
            self.server.kill()
            self.server.start()
        self.commits += 1
        return pending


class KilledServerTests(unittest.TestCase):

    level = 2

    def setUp(self):
        self.server = RealServer(sync=True)
        self.addCleanup(self.server.close)
        self.server.start()
        self.zk = zc.zk.ZooKeeper(self.server.connection_string)
        self.addCleanup(self.zk.close)
        self.bulk = KillingBulk(self.zk.client, self.server)

    def test_killed(self):
        """An import goes on when its server is back, and misses nothing."""
        for count, kill_at in [(1000, 0), (5000, 0), (5000, 2), (5000, 4)]:
            with self.subTest(count=count, kill_at=kill_at):
                text = trees.big_text(count)
                self.bulk.commits, self.bulk.kill_at = 0, kill_at
                _transfer.import_tree(
                    self.bulk, parse_tree(text), '/', None, None, False,
                    print)
                self.assertEqual(
                    self.zk.export_tree('/node-000000'), text)
                self.bulk.commits = 0
                _transfer.delete_recursive(
                    self.bulk, '/node-000000', False, False, False, print)
                self.assertEqual(
                    self.zk.get_children('/'), ['zookeeper'])
