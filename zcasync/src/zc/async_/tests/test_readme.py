"""The examples in the documents run."""
import contextlib
import doctest
import importlib.util
import io
import os
import pathlib
import shutil
import socket
import tempfile
import unittest

import manuel.doctest
import manuel.testing
import transaction
import zope.component.testing
import zope.event

from zc.async_ import dispatcher as dispatchers
from zc.async_ import monitor
from zc.async_ import testing
from zc.async_.interfaces import DatabaseOpened
from zc.async_.subscribers import restore_signal_handlers
from zc.async_.tests.processes import free_port


HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[3]
#: What documents use that the tests do not install.
NEEDED = {'pyramid.rst': ['pyramid', 'pyramid_tm', 'pyramid_zodbconn']}


def ask(host, port, line):
    """Give a command to a monitor; return the answer."""
    with socket.create_connection((host, port), timeout=60) as sock:
        sock.sendall(line.encode() + b'\n')
        with sock.makefile(encoding='utf-8') as stream:
            return stream.read()


class Zope:
    """Starts what a zope.conf and a site.zcml say, in this process."""

    def __init__(self, directory):
        self.directory = directory
        self.databases = {}
        self.address = None

    def start(self, zope_conf, site_zcml):
        import zdaemon.zdoptions
        import zope.app.appsetup
        import zope.app.appsetup.appsetup
        import zope.app.appsetup.product
        for name, text in ('zope.conf', zope_conf), ('site.zcml', site_zcml):
            pathlib.Path(self.directory, name).write_text(text)
        options = zdaemon.zdoptions.ZDOptions()
        options.schemadir = os.path.join(
            os.path.dirname(zope.app.appsetup.__file__), 'schema')
        options.realize(['-C', f'{self.directory}/zope.conf'])
        config = options.configroot
        zope.app.appsetup.product.setProductConfigurations(
            config.product_config)
        zope.app.appsetup.config(config.site_definition)
        opened, self.databases = (
            zope.app.appsetup.appsetup.multi_database(config.databases))
        zope.event.notify(DatabaseOpened(opened[0]))
        return opened[0]

    def stop(self):
        import zope.app.appsetup.appsetup

        import zc.zk.monitor
        for each in list(dispatchers._dispatchers.values()):
            if each.activated is not False:
                testing.tear_down_dispatcher(each)
            restore_signal_handlers(each)
        dispatchers.clear()
        transaction.abort()
        for database in self.databases.values():
            database.close()
        self.databases = {}
        for address in monitor.started:
            zc.zk.monitor.stop(address)
        monitor.started.clear()
        zope.app.appsetup.appsetup.reset()
        zope.component.testing.tearDown()


def setUp(test):
    zope.component.testing.setUp(test)
    directory = os.path.realpath(tempfile.mkdtemp())
    stack = contextlib.ExitStack()
    before = os.getcwd(), os.environ.pop('ZC_ASYNC_UUID', None)
    os.chdir(directory)

    @stack.callback
    def restore():
        os.chdir(before[0])
        os.environ.pop('ZC_ASYNC_UUID', None)
        if before[1] is not None:
            os.environ['ZC_ASYNC_UUID'] = before[1]
        shutil.rmtree(directory, ignore_errors=True)
        zope.component.testing.tearDown()
    zope_ = Zope(directory)
    stack.callback(zope_.stop)
    # What zope.conf sends to the standard output is not for the reader.
    stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
    test.globs.update(
        ask=ask, directory=directory, monitor_port=free_port(),
        start_zope=zope_.start, stop_zope=zope_.stop)
    test.stack = stack


def tearDown(test):
    transaction.abort()
    test.stack.close()


def documents():
    """Return the documents that are there, and whose packages are."""
    found = [ROOT / 'README.rst', *sorted((ROOT / 'docs').glob('*.rst'))]
    return [path for path in found if path.is_file() and all(
        importlib.util.find_spec(name) for name in NEEDED.get(path.name, ()))]


def test_suite():
    tests = unittest.TestSuite()
    parser = manuel.doctest.Manuel(
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for path in documents():
        tests.addTest(manuel.testing.TestSuite(
            parser, os.path.relpath(path, HERE), setUp=setUp,
            tearDown=tearDown, globs={'__name__': __name__}))
    return tests
