"""What pytest itself runs for test_pytest: each runs a project of its own.
"""
from __future__ import annotations

import re
import textwrap

import pytest

import zc.zk.testing
from zc.zk.tests.sources import ROOT


CLIENT = """
import pytest
import zc.zk

class Client:

    def __init__(self, connection_string):
        self.zk = zc.zk.ZooKeeper(connection_string)
        self.addresses = self.zk.children('/fooservice/providers')

    def choose(self):
        return min(self.addresses, default=None)

"""


@pytest.fixture(autouse=True)
def embedded(monkeypatch):
    """Not on a real server, unless a test says so."""
    monkeypatch.delenv('TEST_ZOOKEEPER_CONNECTION', raising=False)
    monkeypatch.delenv('PYTEST_ADDOPTS', raising=False)


def run(pytester, source, *options, **outcomes):
    pytester.makepyfile(source)
    # Of a checkout, pytest takes all files for modules of the plug-in.
    result = pytester.runpytest_subprocess(
        '-p', 'no:cacheprovider', '--strict-markers', '-W', 'error',
        '-W', 'ignore::pytest.PytestAssertRewriteWarning', *options)
    result.assert_outcomes(**outcomes)
    return result


def test_clients(pytester):
    """Each test has a tree of its own, and a client."""
    run(pytester, """
        import os
        import pytest
        import zc.zk

        @pytest.mark.parametrize('turn', range(2))
        def test_default(zk, turn):
            assert zk.properties('/fooservice')['threads'] == 1
            zk.register('/fooservice/providers', 'a:1')
            assert list(zk.children('/fooservice/providers')) == ['a:1']
            zk.create('/x')

        @pytest.mark.zookeeper_tree('''
            /app
              color = 'red'
        ''')
        class TestTree:
            def test_tree(self, zk):
                assert zk.get_children('/') == ['app', 'zookeeper']
                seen = []
                zk.properties('/app')(lambda p: seen.append(p['color']))
                zc.zk.ZooKeeper().set('/app', '{"color": "blue"}')
                assert seen == ['red']      # nothing refers to it

            def test_callbacks(self, zk, zookeeper_connection_string):
                seen = []
                app = zk.properties('/app')(lambda p: seen.append(p['color']))
                other = zc.zk.ZooKeeper(zookeeper_connection_string)
                other.set('/app', '{"color": "blue"}')
                assert seen == ['red', 'blue']

        def test_after():
            assert 'ZC_ZK_CONNECTION_STRING' not in os.environ
        """, passed=5)


def test_faults(pytester):
    """A test may have the server fail; the next one finds it well."""
    run(pytester, """
        import kazoo.exceptions
        import pytest
        import zc.zk
        import zc.zk.testing

        SERVERS = []

        def other():
            return zc.zk.ZooKeeper(connect_timeout=0.1)

        def well(zk):
            zk.create('/x')
            return zk.client.connected

        def test_server(zookeeper_server):
            SERVERS.append(zookeeper_server)

        def test_refuse(zk, zookeeper_server):
            assert well(zk)
            assert [zookeeper_server] == SERVERS
            zookeeper_server.refuse()
            with pytest.raises(zc.zk.FailedConnect):
                other()

        def test_pause(zk, zookeeper_server):
            assert well(zk)
            zookeeper_server.pause()
            with pytest.raises(zc.zk.FailedConnect):
                other()

        def test_stop(zk, zookeeper_server):
            assert well(zk)
            zookeeper_server.stop()
            zc.zk.testing.wait_until(lambda: not zk.client.connected)

        def test_wait(zk, zookeeper_server):
            assert well(zk)
            zookeeper_server.drop_reply()
            zookeeper_server.delay(60)

        def test_lost(zk, zookeeper_server):
            assert well(zk)
            zookeeper_server.drop_request()
            with pytest.raises(kazoo.exceptions.ConnectionLoss):
                zk.client.create('/y')

        def test_expire(zk, zookeeper_server):
            zk.register('/fooservice/providers', 'a:1')
            old = zk.client.client_id[0]
            zookeeper_server.drop_connections()
            zookeeper_server.expire(old)
            zc.zk.testing.wait_until(
                lambda: zk.client.connected and zk.client.client_id[0] != old)
            zc.zk.testing.wait_until(
                lambda: zk.client.retry(zk.client.exists,
                                        '/fooservice/providers/a:1'))

        def test_last(zk):
            assert well(zk)

        def test_whole(zk, zookeeper_server):
            # The server as a whole can be looked at; nothing else connects.
            whole = zc.zk.ZooKeeper(zookeeper_server.connection_string)
            [root] = [name for name in whole.get_children('/')
                      if name != 'zookeeper']
            assert whole.get_children(f'/{root}') == zk.get_children('/')
            with pytest.raises(zc.zk.FailedConnect):
                zc.zk.ZooKeeper('127.0.0.1:1', connect_timeout=0.1)
        """, passed=9)


def test_marker(pytester):
    """The marker is known; what it lacks is an error that names it."""
    result = run(pytester, """
        import pytest

        @pytest.mark.zookeeper_tree
        def test_it(zk): pass
        """, errors=1)
    result.stdout.fnmatch_lines(["*_tree() missing 1 *'text'"])
    result = pytester.runpytest_subprocess('--markers')
    result.stdout.fnmatch_lines(['@pytest.mark.zookeeper_tree(text): *'])


def test_documented(pytester):
    """The example in docs/testing.rst holds."""
    text = ROOT.joinpath('docs', 'testing.rst').read_text('utf-8')
    example = re.search(
        r'^    @pytest[.]mark.*?(?=^\w)', text, re.DOTALL | re.MULTILINE)
    run(pytester, CLIENT + textwrap.dedent(example[0]), passed=1)


def test_not_loaded(pytester):
    """In a project that does not use it, the library is not loaded."""
    run(pytester, """
        import sys

        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin('zc.zk_pytest')
            assert not [
                name for name in sys.modules
                if name.split('.')[0] == 'kazoo'
                or name == 'zc.zk' or name.startswith('zc.zk.')]
        """, passed=1)


def test_xdist(pytester):
    """Each worker of pytest-xdist has a server of its own."""
    run(pytester, """
        import pathlib
        import pytest

        @pytest.mark.parametrize('turn', range(6))
        def test_it(zk, zookeeper_server, turn, worker_id):
            assert zk.get_children('/') == ['fooservice', 'zookeeper']
            zk.create('/x')
            name = zookeeper_server.connection_string.partition(':')[2]
            pathlib.Path(name).touch()
            pathlib.Path(worker_id).touch()
        """, '-n', '2', '--dist', 'each', passed=12)
    names = {path.name for path in pytester.path.iterdir()}
    assert {'gw0', 'gw1'} <= names
    assert len([name for name in names if name.isdigit()]) == 2


def test_real(pytester, monkeypatch):
    """On a real server, tests run below a node of their own; those that
    stage faults are skipped."""
    with zc.zk.testing.Server() as server:
        monkeypatch.setenv(
            'TEST_ZOOKEEPER_CONNECTION', server.connection_string)
        run(pytester, """
            def test_it(zk):
                assert zk.get_children('/') == ['fooservice', 'zookeeper']

            def test_fault(zk, zookeeper_server):
                zookeeper_server.refuse()
            """, passed=1, skipped=1)
        with zc.zk.ZooKeeper(server.connection_string) as zk:
            assert zk.get_children('/') == ['zookeeper']
