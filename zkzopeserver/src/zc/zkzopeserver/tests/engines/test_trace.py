"""The option `zservertracelog`: records on both engines, the real package.
"""
from __future__ import annotations

import importlib.util
import logging
import sys
import unittest
from typing import Any
from unittest import mock

from zc.zkzopeserver import _engines
from zc.zkzopeserver import _runner
from zc.zkzopeserver._engines import zope
from zc.zkzopeserver._engines.waitress import engine as waitress
from zc.zkzopeserver._options.table import OptionError
from zc.zkzopeserver.tests.support import Serving


KEY = 'zc.zservertracelog.interfaces.ITraceLog'


class TraceTests(unittest.TestCase):

    module: Any = None

    def trace(self, application: Any, request: bytes) -> list[list[str]]:
        """Return the records of one request, without their times."""
        with self.assertLogs('zc.tracelog', logging.INFO) as logs:
            serving = Serving(self.module.traced(), application)
            try:
                serving.ask(request)
            finally:
                serving.stop()
        found = [record.getMessage().split() for record in logs.records]
        self.assertEqual(1, len({words[1] for words in found}))
        return [[words[0], *words[4:]] for words in found]

    def test_request(self):
        """A request leaves a record of each stage."""
        def application(environ, start_response):
            environ[KEY].log('hello')
            start_response('200 OK', [('Content-Length', '3')])
            return [b'abc']

        self.assertEqual([
            ['B', 'POST', '/a?b=c'], ['I', '4'], ['C'], ['-', 'hello'],
            ['A', '200', '3'], ['E'],
        ], self.trace(application, b'POST /a?b=c HTTP/1.0\r\n'
                      b'Content-Length: 4\r\n\r\nbody'))

    def test_line_break(self):
        """A line break in a path makes no line of its own."""
        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', '3')])
            return [b'abc']

        self.assertEqual(
            ['B', 'GET', '/a\\nB\\x1b'],
            self.trace(application, b'GET /a%0aB%1b HTTP/1.0\r\n\r\n')[0])

    def test_iterator(self):
        """The same where the answer is an iterator."""
        closed = []

        class Result:
            def __iter__(self):
                return iter([b'abc'])

            def close(self):
                closed.append(True)

        def application(environ, start_response):
            start_response('200 OK', [])
            return Result()

        self.assertEqual([
            ['B', 'GET', '/'], ['I', '0'], ['C'], ['A', '200', '?'], ['E'],
        ], self.trace(application, b'GET / HTTP/1.0\r\n\r\n'))
        self.assertEqual([True], closed)

    def test_error(self):
        """An application that fails leaves its error."""
        def application(environ, start_response):
            raise ValueError('oops')

        self.assertEqual([
            ['B', 'GET', '/'], ['I', '0'], ['C'], ['A', 'Error:', 'oops'],
            ['E'],
        ], self.trace(application, b'GET / HTTP/1.0\r\n\r\n'))


class PrepareTests(unittest.TestCase):

    def test_option(self):
        """The option chooses an engine that writes records."""
        settings = {'zookeeper': 'x', 'path': '/a'}
        for engine, module in (('zope', zope), ('waitress', waitress)):
            for value, plain in (('false', True), ('true', False)):
                _, make = _runner.prepare(
                    engine, {}, {**settings, 'zservertracelog': value})
                self.assertEqual(plain, make is module.engine_class)


class ZopeTraceTests(TraceTests):
    module = zope


class WaitressTraceTests(TraceTests):
    module = waitress


class MissingTests(unittest.TestCase):

    settings = {'zookeeper': 'x', 'path': '/a'}

    def refused(self, engine: str, **settings: str) -> str:
        with self.assertRaises(OptionError) as caught:
            _runner.prepare(engine, {}, {**self.settings, **settings})
        return str(caught.exception)

    def forget(self, name: str) -> None:
        """Have one of our modules imported anew, when it is asked for."""
        for names, key in ((sys.modules, f'zc.zkzopeserver._engines.{name}'),
                           (vars(_engines), name)):
            patcher = mock.patch.dict(names)
            patcher.start()
            self.addCleanup(patcher.stop)
            for each in list(names):
                if each == key or each.startswith(f'{key}.'):
                    del names[each]

    def test_no_tracelog(self):
        """Without the package, the extra to install is named."""
        self.forget('trace')
        with mock.patch.dict(sys.modules):
            sys.modules['zc.zservertracelog'] = None
            sys.modules.pop('zc.zservertracelog.tracelog', None)
            for engine in ('zope', 'waitress'):
                message = self.refused(engine, zservertracelog='true')
                self.assertIn(
                    'is not installed: pip install '
                    '"zc.zkzopeserver[zservertracelog]"', message)

    def test_no_waitress(self):
        """So it is without waitress."""
        self.forget('waitress')
        with mock.patch.dict(sys.modules):
            sys.modules['waitress'] = None
            self.assertEqual(
                'zc.zkzopeserver: option use: waitress is not installed: '
                'pip install "zc.zkzopeserver[waitress]"',
                self.refused('waitress'))


def test_suite():
    suite = unittest.TestSuite()
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite.addTests(load(MissingTests))
    # It brings thirty packages along: not everybody has it.
    if importlib.util.find_spec('zc.zservertracelog'):
        suite.addTests(load(PrepareTests))
        suite.addTests(load(ZopeTraceTests))
        suite.addTests(load(WaitressTraceTests))
    return suite
