"""Options: where they are looked for, and what is said of wrong ones."""
from __future__ import annotations

import os
import tempfile
import textwrap
import unittest
from typing import Any
from unittest import mock

from paste.deploy import loadwsgi

from zc.zkzopeserver._options.section import read
from zc.zkzopeserver._options.table import OPTIONS
from zc.zkzopeserver._options.table import OptionError
from zc.zkzopeserver._options.table import Options


REQUIRED = {'zookeeper': 'zk.example.com:2181', 'path': '/a'}


class ReadTests(unittest.TestCase):

    def refused(
        self, settings: dict[str, Any], global_conf: Any = None
    ) -> str:
        with self.assertRaises(OptionError) as caught:
            read(settings, global_conf)
        return str(caught.exception)

    def test_defaults(self):
        """Two options are required; the others have defaults."""
        options = read(REQUIRED)
        self.assertEqual('zk.example.com:2181', options.zookeeper)
        for name in OPTIONS:
            if name not in REQUIRED:
                self.assertEqual(
                    getattr(Options(), name), getattr(options, name))

    def test_every_option(self):
        """Each option is parsed by the function named beside it."""
        options = read({**REQUIRED, 'port': '80', 'threads': 3,
                        'wait': 'yes', 'drain': '0.5',
                        'max_body_size': '1k', 'advertise': ':81'})
        self.assertEqual(
            (80, 3, True, 0.5, 1024, (('', 81),)),
            (options.port, options.threads, options.wait, options.drain,
             options.max_body_size, options.advertise))

    def test_required(self):
        """A missing option is named."""
        self.assertEqual(
            'zc.zkzopeserver: option path: it is required',
            self.refused({'zookeeper': 'x'}))
        with mock.patch.dict(os.environ):
            os.environ.pop('ZC_ZK_CONNECTION_STRING', None)
            self.assertIn('option zookeeper: it is required',
                          self.refused({'path': '/x'}))

    def test_environment(self):
        """The connection string may come from the environment."""
        with mock.patch.dict(
                os.environ, {'ZC_ZK_CONNECTION_STRING': 'there'}):
            self.assertIsNone(read({'path': '/a'}).zookeeper)

    def test_unknown(self):
        """An unknown option is refused, and a similar one suggested."""
        self.assertEqual(
            'zc.zkzopeserver: option thread: there is no such option; is '
            'threads meant?', self.refused({**REQUIRED, 'thread': '1'}))
        self.assertEqual(
            'zc.zkzopeserver: option xyzzy: there is no such option',
            self.refused({**REQUIRED, 'xyzzy': '1'}))

    def test_wrong_value(self):
        """A wrong value is named with its option."""
        self.assertEqual(
            'zc.zkzopeserver: option port: a whole number from 0 to 65535 '
            "is needed, not 'http'",
            self.refused({**REQUIRED, 'port': 'http'}))

    def test_one_line(self):
        """Whatever is wrong, it is said in one line."""
        self.assertNotIn('\n', self.refused(
            {**REQUIRED, 'properties': 'a = (\n/b\n'}))

    def test_key_without_certificate(self):
        """A TLS key is of no use without its certificate."""
        self.assertIn('zookeeper_tls_cert', self.refused(
            {**REQUIRED, 'zookeeper_tls_key': __file__}))

    def test_any_host_without_tls(self):
        """Without certificates, there is no TLS, and nothing to accept."""
        self.assertIn('zookeeper_tls_ca or zookeeper_tls_cert', self.refused(
            {**REQUIRED, 'zookeeper_tls_any_host': 'true'}))

    def test_global_conf(self):
        """An option that stands in [DEFAULT] counts."""
        self.assertEqual(
            81, read(REQUIRED, {'port': '81', 'other': 'x'}).port)

    def test_none(self):
        """A value of None, from Python, means the default."""
        self.assertEqual(0, read({**REQUIRED, 'port': None}).port)


class FileTests(unittest.TestCase):
    """Through PasteDeploy, which hides some options from the runner."""

    def load(self, text: str, name: str | None = None, **given: str) -> Any:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        path = os.path.join(directory.name, 'server.ini')
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(textwrap.dedent(text))
        return loadwsgi.loadcontext(
            loadwsgi.SERVER, f'config:{path}', name=name, global_conf=given)

    def read(self, *args: Any, **given: str) -> Options:
        context = self.load(*args, **given)
        return read(context.local_conf, context.global_conf)

    def refused(self, *args: Any, **given: str) -> str:
        with self.assertRaises(OptionError) as caught:
            self.read(*args, **given)
        return str(caught.exception)

    TEXT = """
        [DEFAULT]
        port = 1
        threads = 2
        base = /base

        [server:main]
        use = egg:zc.zkzopeserver
        zookeeper = zk.example.com
        path = %(base)s/main
        port = 3

        [server:other]
        use = egg:zc.zkzopeserver#waitress
        zookeeper = zk.example.com
        path = %(base)s/other
        """

    def test_default_section(self):
        """[DEFAULT] counts where the section says nothing."""
        options = self.read(self.TEXT, 'other')
        self.assertEqual((1, 2, '/base/other'),
                         (options.port, options.threads, options.path))

    def test_section_before_default(self):
        """The section comes before [DEFAULT]."""
        self.assertEqual(3, self.read(self.TEXT).port)

    def test_command_line_before_section(self):
        """name=value comes before the section."""
        self.assertEqual(4, self.read(self.TEXT, port='4').port)

    def test_command_line_option(self):
        """name=value counts where nothing else is said."""
        self.assertEqual(5.0, self.read(self.TEXT, drain='5').drain)

    def test_command_line_variable(self):
        """A value given for %(name)s is filled in."""
        text = self.TEXT.replace('base = /base', '')
        self.assertEqual('/given/main', self.read(text, base='/given').path)

    def test_several_lines(self):
        """Properties may go over several lines."""
        options = self.read(self.TEXT + """properties = version = '1.2'
            weight = 3
        """, 'other')
        self.assertEqual({'version': '1.2', 'weight': 3}, options.properties)

    def test_messages_name_file_and_section(self):
        """Messages name the file and the section."""
        self.assertEqual(
            'server.ini [server:other]: option waitt: there is no such '
            'option; is wait meant?',
            self.refused(self.TEXT + 'waitt = true', 'other'))
        self.assertTrue(self.refused(
            self.TEXT.replace('port = 3', 'host = a:1')).startswith(
                'server.ini [server:main]: option host: '))

    def test_secret_is_not_shown(self):
        """A password in the wrong place is not repeated in the message."""
        message = self.refused(
            self.TEXT + 'zookeeper_auth = user:hush', 'other')
        self.assertIn('zookeeper_auth', message)
        self.assertNotIn('hush', message)

    def test_set(self):
        """PasteDeploy's own way to override [DEFAULT] counts too."""
        text = self.TEXT.replace('port = 3', 'set port = 3')
        self.assertEqual(3, self.read(text).port)
