import ast
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import unittest

from zc.zk.tests import sources


# Modules whose facts are proved under another name than test_<module>.
TESTED_BY = {
    'zc.async_': 'test_alias',
    'zc.async_._commands': 'test_commands',
    'zc.async_._commands.database': 'test_commanddatabases',
    'zc.async_._commands.report': 'test_commands',
    'zc.async_._commands.zopeconf': 'test_commanddatabases',
    'zc.async_._logs': 'perform.test_perform',
    'zc.async_._perform.attempt': 'perform.test_perform',
    'zc.async_._perform.claim': 'perform.test_fence',
    'zc.async_._perform.composites': 'test_dispatcher',
    'zc.async_._perform.local': 'test_dispatcher',
    'zc.async_._stored.backlog': 'test_queue',
    'zc.async_._stored.base': 'test_job',
    'zc.async_._stored.call': 'test_job',
    'zc.async_._stored.callbacks': 'perform.test_perform',
    'zc.async_._stored.live': 'test_queue',
    'zc.async_._stored.place': 'test_job',
    'zc.async_._stored.quotas': 'test_putting',
    'zc.async_._stored.terms': 'test_job',
    'zc.async_._stored.views': 'test_job',
    'zc.async_._stored.waiting': 'test_queue',
    'zc.async_._work.account': 'test_asyncmonitor',
    'zc.async_._work.activation': 'test_dispatchers',
    'zc.async_._work.member': 'test_life',
    'zc.async_._work.pool': 'test_dispatcher',
    'zc.async_._work.progress': 'test_dispatcher',
    'zc.async_._work.rounds': 'test_life',
    'zc.async_.adapters': 'test_queue',
    'zc.async_.configure': 'test_subscribers',
    'zc.async_.ftesting': 'test_testing',
    'zc.async_.interfaces': 'test_job',
    'zc.async_.monitor': 'test_asyncmonitor',
    'zc.async_.threadlocal': 'test_alias',
    'zc.zk': 'test_namespace',
    'zc.zk._changing.applying': 'changing.test_apply',
    'zc.zk._following.branch': 'following.test_follower',
    'zc.zk._following.watch': 'following.test_watches',
    'zc.zk._rendering.unrendered': 'rendering.test_templates',
    'zc.zk._transfer.commit': 'transfer.test_importraces',
    'zc.zk._commands.connection': 'commands.test_command',
    'zc.zk._commands.options': 'commands.test_command',
    'zc.zk._registration.arrivals': 'registration.test_first',
    'zc.zk._registration.keeper': 'registration.test_registration',
    'zc.zk._registration.registrar': 'test_registering',
    'zc.zk._registration.removal': 'test_registering',
    'zc.zk._registration.rounds': 'registration.test_registrationraces',
    'zc.zk._discovery.discovery': 'discovery.test_providers',
    'zc.zk._parts': 'test_statistics',
    'zc.zk._transfer.trees': 'test_client',
    'zc.zk._transfer.snapshot': 'commands.test_graph',
    'zc.zk._run.__main__': 'run.test_supervisor',
    'zc.zk._run.starter': 'run.test_processes',
    'zc.zk._transfer.export': 'transfer.test_walk',
    'zc.zk._transfer.present': 'transfer.test_importer',
    'zc.zk._tree.lines': 'tree.test_parser',
    'zc.zk._tree.notes': 'tree.test_plan',
    'zc.zk._tree.steps': 'tree.test_plan',
    'zc.zk._live.cache': 'live.test_engine',
    'zc.zk._live.computation': 'live.test_engine',
    'zc.zk._live.messages': 'live.test_engine',
    'zc.zk._live.view': 'live.test_engine',
    'zc.zk._live.children': 'live.test_live',
    'zc.zk._live.tracker': 'live.test_engine',
    'zc.zk._session.defaults': 'session.test_connection',
    'zc.zk._session.insides': 'session.test_kazoo',
    'zc.zk._live.properties': 'live.test_live',
    'zc.zk.backoff': 'worker.test_backoff',
    'zc.zk.checks': 'checks.test_watch',
    'zc.zk.tls': 'commands.test_command',
    'zc.zk._aio.children': 'aio.test_live',
    'zc.zk._aio.properties': 'aio.test_live',
    'zc.zk._aio.plan': 'aio.test_client',
    'zc.zk._aio.providers': 'aio.test_live',
    'zc.zk.aio': 'aio.test_client',
    'zc.zk.doctor': 'doctor.test_examination',
    'zc.zk.graphvis': 'tree.test_graph',
    'zc.zk.monitor': 'monitor.test_plugin',
    'zc.zk.testing': 'testing.test_settle',
    'zc.zk.testing.__main__': 'test_desk',
    'zc.zk.testing.protocol.codes': 'testing.state.test_database',
    'zc.zk.testing.protocol.records': 'testing.protocol.test_jute',
    'zc.zk._web.asking': 'web.test_application',
    'zc.zk._web.pages': 'web.test_application',
    'zc.zk._web.reading': 'web.test_application',
    'zc.zk.web': 'web.test_application',
    'zc.zk_pytest': 'testing.test_pytest',
    'zc.zkzopeserver': 'test_processes',
    'zc.zkzopeserver._monitor': 'test_processes',
    'zc.zkzopeserver._engines.response': 'engines.test_channel',
    'zc.zkzopeserver._runner': 'test_runners',
    'zc.zkzopeserver._engines.waitress': 'test_engines',
}


# What stands behind the door zc.zk.testing.
INSIDE = re.compile(r'zc\.zk\.testing\.(protocol|state|net)\b')


# Modules that are imported only when asked for, and what they need then.
OPTIONAL = {
    'zc.zk.aiohttp': 'aiohttp',
    'zc.zk.httpx': 'httpx',
    'zc.zk.metrics': 'opentelemetry',
    'zc.zk.requests': 'requests',
    'zc.zk._web': 'starlette',
    'zc.zk.web': 'starlette',
    'zc.zkzopeserver._engines.trace': 'zc.zservertracelog',
    'zc.zkzopeserver._engines.waitress': 'waitress',
}


def importable(module):
    """Say whether what a module needs is there."""
    if module.name.startswith('zc.async'):
        # zc.zk is developed without zc.async as well.
        needs = 'zc.async_'
    else:
        needs = next((
            needs for name, needs in OPTIONAL.items()
            if f'{module.name}.'.startswith(f'{name}.')), None)
    return needs is None or importlib.util.find_spec(needs) is not None


def exported(module):
    """Return the list of ``__all__``, or None."""
    for node in module.tree().body:
        if isinstance(node, ast.Assign):
            if [getattr(each, 'id', '') for each in node.targets] == [
                    '__all__']:
                return ast.literal_eval(node.value)
    return None


class Namespace(unittest.TestCase):

    def test_no_init(self):
        """No file makes zc a package of one distribution alone."""
        for tree in sources.TREES:
            self.assertEqual([], list(tree.glob('zc/__init__*')))

    def test_share(self):
        """Our packages and zc.thread's are found side by side."""
        names = {'zc.thread', 'zc.zk', *(
            module.name for module in filter(importable, sources.modules())
            if module.name in ('zc.zkzopeserver', 'zc.async', 'zc.async_'))}
        for name in names:
            importlib.import_module(name)

    def test_typed(self):
        """The packages say that they carry types."""
        for tree in sources.TREES:
            [package] = [each for each in (tree / 'zc').iterdir()
                         if each.name in ('zk', 'zkzopeserver', 'async_')]
            self.assertTrue((package / 'py.typed').is_file())


class Exports(unittest.TestCase):

    def test_sorted(self):
        """Each __all__ is sorted, capitals first, without doubles."""
        for module in sources.modules():
            names = exported(module)
            if names is not None:
                with self.subTest(module.name):
                    self.assertEqual(sorted(set(names)), names)

    def test_importable(self):
        """Each name in an __all__ can be imported."""
        for module in filter(importable, sources.modules()):
            for name in exported(module) or ():
                with self.subTest(module.name):
                    self.assertTrue(hasattr(
                        importlib.import_module(module.name), name), name)

    def test_complete(self):
        """A public module lists each public class and function it has."""
        for module in filter(importable, sources.modules()):
            if '._' in module.name or INSIDE.match(module.name):
                continue
            with self.subTest(module.name):
                names = exported(module)
                self.assertIsNotNone(names, 'no __all__')
                live = importlib.import_module(module.name)
                missing = {
                    name for name, value in vars(live).items()
                    if not name.startswith('_')
                    and (inspect.isclass(value) or inspect.isfunction(value))
                    # zc.zk makes public what its private modules hold.
                    and (value.__module__ == module.name
                         or module.name == 'zc.zk'
                         and value.__module__.startswith('zc.zk.'))
                    and name not in names}
                self.assertEqual(set(), missing)


class Later(unittest.TestCase):
    """What zc.zk has is imported when it is asked for."""

    def in_new_process(self, code):
        return subprocess.run(
            [sys.executable, '-c', f'import sys, zc.zk\n{code}'],
            # The path of a script that buildout made is its own.
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
            capture_output=True, text=True, timeout=60, check=True).stdout

    def test_client(self):
        """The module of the client is there without an import of its own.
        """
        self.assertEqual('True\n', self.in_new_process(
            'print(zc.zk.client.ZooKeeper is zc.zk.ZooKeeper)'))

    def test_kept(self):
        """A name is looked for once, and tests can put another in place."""
        self.assertEqual('False True\n1\nTrue\n', self.in_new_process(
            'from unittest import mock\n'
            'there = "ZooKeeper" in vars(zc.zk)\n'
            'zc.zk.ZooKeeper\n'
            'print(there, "ZooKeeper" in vars(zc.zk))\n'
            'with mock.patch("zc.zk.Children", 1):\n'
            '    from zc.zk import Children; print(Children)\n'
            'print(isinstance(zc.zk.Children, type))'))

    def test_all(self):
        """Everything can be imported at once, and is listed."""
        self.assertEqual('True\n', self.in_new_process(
            'from zc.zk import *\n'
            'print(set(zc.zk.__all__) <= set(dir(zc.zk)) & set(globals()))'))


class Tests(unittest.TestCase):

    def test_each_module(self):
        """Each module has a test module named after it."""
        there = {module.name for module in sources.modules(tests=True)}
        untested = []
        for module in sources.modules():
            # Tests are laid out like the packages, without underscores.
            parts = [part.strip('_') for part in module.name.split('.')]
            package = '.'.join(module.name.split('.')[:2]).removesuffix(
                '_pytest') + '.tests'
            test = '.'.join([package, *parts[2:-1], f'test_{parts[-1]}'])
            if module.name in TESTED_BY:
                test = f'{package}.{TESTED_BY[module.name]}'
            elif module.path.stem == '__init__':
                continue        # the face of a room
            if test not in there:
                untested.append(f'{module.name}: {test}')
        self.assertEqual([], untested)

    def test_facts(self):
        """Each test says in its docstring which fact it shows."""
        silent = []
        for module in sources.modules(tests=True):
            if '.tests.' not in module.name:
                continue
            for node in ast.walk(module.tree()):
                if (isinstance(node, ast.FunctionDef)
                        and node.name.startswith('test_')
                        and node.args.args
                        and not ast.get_docstring(node)):
                    silent.append(f'{module.path}:{node.lineno}')
        self.assertEqual([], silent)

    def test_no_sleep(self):
        """No test sleeps for an interval, except while it polls."""
        asleep = []
        for module in sources.modules(tests=True):
            if '.tests.' in module.name:
                tree = module.tree()
                polling = {
                    node for loop in ast.walk(tree)
                    if isinstance(loop, ast.While)
                    for node in ast.walk(loop)}
                asleep += [
                    f'{module.path}:{node.lineno}' for node in ast.walk(tree)
                    if isinstance(node, ast.Call) and node not in polling
                    and ast.unparse(node.func) in ('sleep', 'time.sleep')]
        self.assertEqual([], asleep)
