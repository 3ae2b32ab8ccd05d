import ast
import unittest

import kazoo.client

from zc.zk.tests import sources


# The house, from the ground up: a line for each room, which is a package
# with all its modules or a module that stands alone.  A module imports from
# its own room and from the rooms above its line, and no others of ours.
ROOMS = '''
    zc.zk._printable                    pure
    zc.zk.errors                        pure
    zc.zk.event
    zc.zk._worker
    zc.zk.tls
    zc.zk.backoff
    zc.zk._tree                         pure
    zc.zk._curator                      pure
    zc.zk._session
    zc.zk._transfer
    zc.zk._live
    zc.zk._registration
    zc.zk._discovery
    zc.zk._statistics
    zc.zk._parts
    zc.zk._http.limits                  pure
    zc.zk._http.attempts                pure
    zc.zk._http
    zc.zk.client
    zc.zk._following.happenings         pure
    zc.zk._following
    zc.zk._aio
    zc.zk.aio
    zc.zk.metrics
    zc.zk
    zc.zk.aiohttp
    zc.zk.httpx
    zc.zk.requests
    zc.zk._checks
    zc.zk.checks
    zc.zk._monitor
    zc.zk.monitor
    zc.zk.graphvis
    zc.zk._commands
    zc.zk._rendering.quoting            pure
    zc.zk._rendering.servers            pure
    zc.zk._rendering
    zc.zk._run
    zc.zk._looking
    zc.zk._changing
    zc.zk._doctor.rules                 pure
    zc.zk._doctor
    zc.zk.doctor
    zc.zk.scripts

    zc.zk.testing.protocol              pure
    zc.zk.testing.state                 pure
    zc.zk.testing._faults               pure
    zc.zk.testing.net
    zc.zk.testing
    zc.zk._web.hiding                   pure
    zc.zk._web.guards                   pure
    zc.zk._web.ring                     pure
    zc.zk._web.branch                   pure
    zc.zk._web.cards                    pure
    zc.zk._web.documents                pure
    zc.zk._web.plain                    pure
    zc.zk._web.review                   pure
    zc.zk._web.openapi                  pure
    zc.zk._web
    zc.zk.web
    zc.zk._zczk
    zc.zk_pytest

    zc.zkzopeserver._options
    zc.zkzopeserver._sockets
    zc.zkzopeserver._registration
    zc.zkzopeserver._health
    zc.zkzopeserver._ending             pure
    zc.zkzopeserver._lifecycle
    zc.zkzopeserver._logging
    zc.zkzopeserver._monitor
    zc.zkzopeserver._runner
    zc.zkzopeserver
    zc.zkzopeserver._engines
    zc.zkzopeserver.serve

    zc.async_._rules                    pure
    zc.async_._logs                     pure
    zc.async_.interfaces                pure
    zc.async_._stored
    zc.async_._perform
    zc.async_.threadlocal
    zc.async_.job
    zc.async_.queue
    zc.async_.agent
    zc.async_._work
    zc.async_.instanceuuid
    zc.async_.dispatcher
    zc.async_.subscribers
    zc.async_.adapters
    zc.async_.zookeeper
    zc.async_.configure
    zc.async_.monitor
    zc.async_.testing
    zc.async_.ftesting
    zc.async_
    zc.async_._commands
    zc.async
'''
LINES = [line.split() for line in ROOMS.splitlines() if line.strip()]
NAMES = [line[0] for line in LINES]
PURE = [line[0] for line in LINES if 'pure' in line]
# What a pure module must not know: sockets, threads, clocks, chance.
EFFECTS = {'asyncio', 'kazoo', 'queue', 'random', 'select', 'selectors',
           'signal', 'socket', 'subprocess', 'threading', 'time'}
# Errors of the ZooKeeper server stay kazoo's; its records are plain tuples.
RECORDS = {'kazoo.exceptions', 'kazoo.protocol.states', 'kazoo.security'}


# The one module that touches what is private in kazoo.
INSIDES = 'zc.zk._session.insides'
# Private names of kazoo's that are also ours.
OURS = {'_read'}
# What other distributions touch of their own and of other libraries, where
# something in zc.zk has the same name.
THEIRS = {
    'zc.zkzopeserver._engines.zope _closed',    # asyncore's trigger
    'zc.async_._stored.views _callbacks',       # a job
}


def kazoos():
    """Return the private names of kazoo's client, connection and handler."""
    client = kazoo.client.KazooClient()
    names = {name
             for each in (client, client._connection, client.handler)
             for name in dir(each)
             if name.startswith('_') and not name.startswith('__')}
    client.close()
    return names - OURS


def touched(tree, names):
    """Yield each use of one of `names` of an object other than ``self``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names:
            # A subclass replaces methods, and calls those it replaces.
            if ast.unparse(node.value) not in ('self', 'cls', 'super()'):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
                'getattr', 'setattr', 'hasattr', 'delattr'):
            for each in node.args[1:2]:
                if isinstance(each, ast.Constant) and each.value in names:
                    yield node.lineno, each.value


def is_of(module, distribution):
    """Tell whether a module belongs to a distribution."""
    return f'{module.name}.'.startswith(f'{distribution}.')


def privates(modules):
    """Return the private names of attributes and modules."""
    names = set()
    for module in modules:
        names.update(module.name.split('.'))
        for node in ast.walk(module.tree()):
            if isinstance(node, ast.Attribute):
                if ast.unparse(node.value) == 'self':
                    names.add(node.attr)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, ast.Name):
                names.add(node.id)
    return {name for name in names
            if name.startswith('_') and not name.startswith('__')}


def room(name):
    """Return the room that a module stands in, or None."""
    return max((each for each in NAMES
                if name == each or name.startswith(each + '.')),
               key=len, default=None)


def imports(tests=False):
    """Yield each import of ours: the module, the line, and the name.

    :param tests: whether to include those of the tests
    """
    modules = sources.modules(tests)
    known = {module.name for module in modules}
    for module in modules:
        for line, name in sources.imported(module, known):
            yield module, line, name


class Layers(unittest.TestCase):

    def test_rooms(self):
        """Each module stands in a room, and no room is empty."""
        filled = set()
        for module in sources.modules():
            where = room(module.name)
            # A door of a distribution is no room for what it leads to.
            if where in ('zc.async_', 'zc.zk', 'zc.zkzopeserver'):
                self.assertEqual(where, module.name, 'stands in no room')
            filled.add(where)
        self.assertNotIn(None, filled)
        if sources.TREES == sources.ALL_TREES:
            self.assertEqual(set(NAMES), filled)

    def test_direction(self):
        """A module imports only from its room and those above it."""
        upward = []
        for module, line, name in imports():
            here, there = room(module.name), room(name)
            if there is not None and (
                    NAMES.index(there) > NAMES.index(here)):
                upward.append(f'{module.path}:{line}: {name}')
        self.assertEqual([], upward)

    def test_circles(self):
        """No modules import each other in a circle."""
        above = {}
        for module, _, name in imports():
            # A room's face gathers what stands in it.
            if not module.path.stem == '__init__':
                above.setdefault(module.name, set()).add(name)
        while True:
            free = {name for name, names in above.items()
                    if not names & above.keys()}
            if not free:
                break
            for name in free:
                del above[name]
        self.assertEqual({}, above)

    def test_distributions(self):
        """The other distributions use only what is public in zc.zk."""
        private = []
        for module, line, name in imports(tests=True):
            if (not is_of(module, 'zc.zk')
                    and name.startswith('zc.zk.') and '._' in name):
                private.append(f'{module.path}:{line}: {name}')
        self.assertEqual([], private)

    def test_insides(self):
        """Nor do they touch private attributes of its objects."""
        modules = sources.modules()
        names = privates(each for each in modules if is_of(each, 'zc.zk'))
        self.assertLessEqual({'_keeper', '_registration', '_told'}, names)
        others = privates(
            each for each in modules if not is_of(each, 'zc.zk'))
        private = []
        for module in sources.modules(tests=True):
            if not is_of(module, 'zc.zk'):
                # A test looks into what it tests, and a name may be the
                # same in both.
                private += [
                    f'{module.path}:{line}: {name}' for line, name in touched(
                        module.tree(),
                        names - others if '.tests' in module.name else names)
                    if f'{module.name} {name}' not in THEIRS]
        self.assertEqual([], private)

    def test_pure(self):
        """A pure module knows no socket, thread or clock."""
        effects = []
        for module, line, name in imports():
            if (room(module.name) in PURE
                    and name.split('.')[0] in EFFECTS
                    and name not in RECORDS):
                effects.append(f'{module.path}:{line}: {name}')
        self.assertEqual([], effects)

    def test_kazoo(self):
        """One module touches what is private in kazoo."""
        names = kazoos()
        self.assertLessEqual(
            {'_call', '_data_watchers', '_write_sock', '_workers'}, names)
        private = []
        for module in sources.modules():
            for line, name in touched(module.tree(), names):
                if module.name != INSIDES:
                    private.append(f'{module.path}:{line}: {name}')
        self.assertEqual([], private)

    def test_how_kazoo_is_touched(self):
        """Each way to touch it is found, and a subclass is none."""
        for source, found in (
                ('client._call(1, 2)', ['_call']),
                ('self.client._queue', ['_queue']),
                ('getattr(client, "_queue", 1)', ['_queue']),
                ('client.hosts', []),
                ('self._call', []),
                ('super()._call(1, 2)', [])):
            with self.subTest(source):
                self.assertEqual(found, [
                    name for _, name in touched(
                        ast.parse(source), {'_call', '_queue'})])
