"""ZooKeeper's own Java client, unmodified, works with the embedded server.

The test is there where java and ZooKeeper's jars are.
"""
from __future__ import annotations

import pathlib
import re
import subprocess
import unittest

from ..testing._server import Server
from . import realserver


#: The command line needs one more jar than servers do.
_CLI_JAR = pathlib.Path('/usr/share/java/commons-cli.jar')

COMMANDS = '''
create /j data
create -e /j/e one
create -s /j/s- two
ls /
get -w /j
set /j new
get /j
stat /j
setAcl /j world:anyone:cdrwa
getEphemerals /
getAllChildrenNumber /
addWatch /j
set /j newer
removewatches /j
deleteall /j/s-0000000001
delete /j/e
delete /j
ls /
stat /j
quit
'''


class JavaClientTest(unittest.TestCase):

    def run_cli(self, server, commands):
        done = subprocess.run(
            ['java', '-XX:TieredStopAtLevel=1', '-cp',
             f'{realserver.class_path()}:{_CLI_JAR}',
             'org.apache.zookeeper.ZooKeeperMain',
             '-server', server.connection_string],
            input=commands, text=True, capture_output=True, timeout=60)
        return done.stdout, done.stderr

    def test_commands(self):
        """zkCli's commands do and show what they do on a real server."""
        with Server() as server:
            out, error = self.run_cli(server, COMMANDS)
        for line in ('Created /j', 'Created /j/e', 'Created /j/s-0000000001',
                     'Node does not exist: /j'):
            self.assertIn(line, error.splitlines())
        lines = out.splitlines()
        for line in ('[j, zookeeper]', 'data', 'new', '[/j/e]', '6',
                     'dataVersion = 1', 'numChildren = 2', 'dataLength = 3',
                     '[zookeeper]'):
            self.assertIn(line, lines)
        self.assertEqual(
            ['None', 'NodeDataChanged', 'NodeDataChanged',
             'PersistentWatchRemoved'],
            re.findall(r'SyncConnected type:(\w+)', out))
        self.assertEqual([], server.sessions())


def test_suite() -> unittest.TestSuite:
    """Return the test, where it can be run."""
    suite = unittest.TestSuite()
    if realserver.available() and _CLI_JAR.exists():
        suite.addTest(JavaClientTest('test_commands'))
    return suite


def load_tests(*_: object) -> unittest.TestSuite:
    """Say the same to `unittest`."""
    return test_suite()
