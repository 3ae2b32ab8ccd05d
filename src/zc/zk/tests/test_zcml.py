"""monitor.zcml in a site.zcml, configured by a file like zope.conf.

This is how processes of a Zope site are put together: ZConfig for loggers
and products, ZCML for components, the environment for ZooKeeper.
"""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from typing import Any

import zc.zk
from zc.zk import monitor
from zc.zk._monitor import plugin
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.monitorcase import ask


SITE = '''
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="zope.component" file="meta.zcml" />
  <include package="zope.component" />
  <include package="zc.zk" file="monitor.zcml" />
</configure>
'''

CONFIGURATION = '''
site-definition {directory}/site.zcml

<product-config zc.zk.monitor>
  port 0
</product-config>

<logger>
  level debug
  name zc.zk
  propagate no
  <logfile>
    path {directory}/zk.log
    format %(name)s %(levelname)s %(message)s
  </logfile>
</logger>

<eventlog>
  <logfile>
    path {directory}/event.log
    level warning
    format %(name)s %(levelname)s %(message)s
  </logfile>
</eventlog>
'''

PROGRAM = '''
import io
import logging
import signal
import sys
import threading

import ZConfig
import zope.component
import zope.component.hooks
import zope.component.event
from zope.configuration import xmlconfig

import zc.zk
import zc.zk.monitor
from zc.zk._monitor import plugin

SCHEMA = """
<schema>
  <import package="ZConfig.components.logger"/>
  <sectiontype name="product-config" keytype="identifier">
    <key name="+" attribute="mapping"/>
  </sectiontype>
  <key name="site-definition"/>
  <section type="eventlog" name="*" attribute="eventlog"/>
  <multisection type="logger" name="*" attribute="loggers"/>
  <section type="product-config" name="zc.zk.monitor" attribute="monitor"/>
</schema>
"""
schema = ZConfig.loadSchemaFile(io.StringIO(SCHEMA))
config, _ = ZConfig.loadConfig(schema, sys.argv[1])
config.eventlog()
for factory in config.loggers:
    factory()
xmlconfig.file(config.site_definition)

# A shell's background jobs are born deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
address = zc.zk.monitor.start(config.monitor.mapping['port'])
with zc.zk.ZooKeeper() as zk:
    zc.zk.monitor.observe(zk)
    zk.register('/providers', ':8080', version=1)
    logging.getLogger('site').warning('started')
    logging.getLogger('zc.zk.site').debug('details')
    # Not signal.pause: a signal just before it would be waited for in vain.
    try:
        print('%s:%s' % address, flush=True)
        while not threading.Event().wait(0.1):
            pass
    except KeyboardInterrupt:
        logging.getLogger('site').warning('stopped')
'''


class SiteTests(unittest.TestCase):

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.write('site.zcml', SITE)
        self.conf = self.write(
            'zope.conf', CONFIGURATION.format(directory=self.directory))

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.directory, name)
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(textwrap.dedent(text))
        return path

    def read(self, name: str) -> str:
        with open(os.path.join(self.directory, name),
                  encoding='utf-8') as stream:
            return stream.read()

    def start(self, connection_string: str) -> Any:
        process: Any = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-c', PROGRAM, self.conf],
            stdout=subprocess.PIPE, text=True, env={**os.environ,
                 'ZC_ZK_CONNECTION_STRING': connection_string})

        def end() -> None:
            process.kill()
            process.wait()
            process.stdout.close()

        self.addCleanup(end)
        return process

    def test_site(self):
        """Configuration, logging, monitoring and SIGINT work together."""
        with zc.zk.testing.Server() as server:
            with zc.zk.ZooKeeper(server.connection_string) as zk:
                zk.create('/providers', '')
                process = self.start(server.connection_string)
                line = process.stdout.readline().strip()
                address = zc.zk.parse_addr(line)
                self.assertEqual(':8080\n', ask(
                    address, 'servers /providers'))
                self.assertIn(': registered', ask(address, 'connection'))
                self.assertIn('servers -- ', ask(address, 'help'))
                wait_for(lambda: zk.get_children('/providers'))
                process.send_signal(signal.SIGINT)
                self.assertEqual(0, process.wait(DEADLINE))
                self.assertEqual([], zk.get_children('/providers'))
        self.assertEqual('site WARNING started\nsite WARNING stopped\n',
                         self.read('event.log'))
        self.assertIn('zc.zk.site DEBUG details\n', self.read('zk.log'))


class ComponentTests(unittest.TestCase):

    def setUp(self) -> None:
        import zope.component.testing
        zope.component.testing.setUp()
        self.addCleanup(zope.component.testing.tearDown)
        plugin._servers.clear()
        self.addCleanup(plugin._servers.clear)

    def configure(self) -> None:
        from zope.configuration import xmlconfig
        xmlconfig.string(SITE)

    def test_subscriber(self):
        """Registered servers are heard of through zope.component."""
        import zope.component.event
        import zope.event
        self.configure()
        self.assertIn(zope.component.event.dispatch, zope.event.subscribers)
        zc.zk.event.notify(zc.zk.RegisteringServer('a:1', '/p', {}))
        self.assertEqual([{'address': 'a:1', 'path': '/p'}],
                         [shown for shown, _ in plugin._servers])

    def test_plugin(self):
        """The commands are utilities, as they were for zc.monitor."""
        import zope.component
        self.configure()
        self.assertEqual(
            {'connection': monitor.connection, 'servers': monitor.servers},
            dict(zope.component.getUtilitiesFor(monitor.IMonitorPlugin)))

    def test_own_plugin(self):
        """A utility of one's own is a command of the monitor."""
        import zope.component

        def greet(connection):
            """Say hello"""
            connection.write('Hello\n')

        zope.component.provideUtility(
            greet, monitor.IMonitorPlugin, 'greet')
        address = monitor.start()
        self.addCleanup(monitor.stop, address)
        self.assertEqual('Hello\n', ask(address, 'greet'))
        self.assertIn('  greet -- Say hello\n', ask(address, 'help'))
