import unittest

from zc.zk.tests import sources


# From the bottom up: a module may import modules that stand above it in
# this list, and no others of ours.  A new module gets its line here.
ORDER = '''
    zc.zk._printable                pure
    zc.zk.errors                    pure
    zc.zk._paths                    pure
    zc.zk._encoding                 pure
    zc.zk._literals                 pure
    zc.zk._expressions              pure
    zc.zk._model                    pure
    zc.zk._treetext                 pure
    zc.zk._treeformat               pure
    zc.zk._links                    pure
    zc.zk._validate                 pure
    zc.zk._plan                     pure
    zc.zk._diff                     pure
    zc.zk._ending                   pure
    zc.zk._wire                     pure
    zc.zk._servers
    zc.zk._queues
    zc.zk._moments
    zc.zk._calls
    zc.zk._pending
    zc.zk._bulk
    zc.zk._chroot
    zc.zk._reader
    zc.zk._walk
    zc.zk._apply
    zc.zk._deletion
    zc.zk._transfer
    zc.zk._live_tree
    zc.zk._nodes
    zc.zk._nodecache
    zc.zk._watches
    zc.zk._callbacks                pure
    zc.zk._live
    zc.zk._properties
    zc.zk._reconcile
    zc.zk._registration
    zc.zk._keeper
    zc.zk._interfaces
    zc.zk._connect
    zc.zk._revive
    zc.zk._exit
    zc.zk.event
    zc.zk._registering              pure
    zc.zk.client
    zc.zk
    zc.zk._commandserver
    zc.zk.monitor
    zc.zk._streams
    zc.zk._interrupts
    zc.zk._command
    zc.zk._progress
    zc.zk.graphvis
    zc.zk._question
    zc.zk._exporting
    zc.zk._importing
    zc.zk._editing
    zc.zk._inspect
    zc.zk.scripts

    zc.zk.testing._codes            pure
    zc.zk.testing._jute             pure
    zc.zk.testing._records          pure
    zc.zk.testing._connection       pure
    zc.zk.testing._acls             pure
    zc.zk.testing._multi            pure
    zc.zk.testing._sessions         pure
    zc.zk.testing._watchtable       pure
    zc.zk.testing._znodes           pure
    zc.zk.testing._reads            pure
    zc.zk.testing._database         pure
    zc.zk.testing._faults           pure
    zc.zk.testing._words            pure
    zc.zk.testing._peer
    zc.zk.testing._loop
    zc.zk.testing._service
    zc.zk.testing._server
    zc.zk.testing._settle
    zc.zk.testing._emulation
    zc.zk.testing
    zc.zk.testing.__main__

    zc.zkzopeserver._values
    zc.zkzopeserver._options
    zc.zkzopeserver._sockets
    zc.zkzopeserver._presence
    zc.zkzopeserver._ending         pure
    zc.zkzopeserver._life
    zc.zkzopeserver._logging
    zc.zkzopeserver._monitor
    zc.zkzopeserver._run
    zc.zkzopeserver
    zc.zkzopeserver._faults         pure
    zc.zkzopeserver._pace           pure
    zc.zkzopeserver._refusal        pure
    zc.zkzopeserver._chunked        pure
    zc.zkzopeserver._request        pure
    zc.zkzopeserver._environ        pure
    zc.zkzopeserver._response
    zc.zkzopeserver._output         pure
    zc.zkzopeserver._http
    zc.zkzopeserver._trace
    zc.zkzopeserver._waitress_request   pure
    zc.zkzopeserver._waitress_response
    zc.zkzopeserver._waitress
    zc.zkzopeserver._zope
    zc.zkzopeserver.serve
'''
LINES = [line.split() for line in ORDER.splitlines() if line.strip()]
NAMES = [line[0] for line in LINES]
PURE = [line[0] for line in LINES if 'pure' in line]
# What a pure module must not know: sockets, threads, clocks, chance.
EFFECTS = {'asyncio', 'kazoo', 'queue', 'random', 'select', 'selectors',
           'signal', 'socket', 'subprocess', 'threading', 'time'}
# Errors of the ZooKeeper server stay kazoo's; its records are plain tuples.
RECORDS = {'kazoo.exceptions', 'kazoo.protocol.states', 'kazoo.security'}


class Layers(unittest.TestCase):

    def test_listed(self):
        """Each module has its place in the order, and each place a module.
        """
        there = {module.name for module in sources.modules()}
        self.assertEqual(set(), there - set(NAMES), 'not in ORDER')
        if len(sources.TREES) == 2:
            self.assertEqual(set(), set(NAMES) - there, 'no such module')
        self.assertEqual(len(set(NAMES)), len(NAMES))

    def test_direction(self):
        """A module imports only modules that stand above it."""
        upward = []
        for module in sources.modules():
            place = NAMES.index(module.name)
            for line, name in sources.imported(module, set(NAMES)):
                if name in NAMES and NAMES.index(name) >= place:
                    upward.append(f'{module.path}:{line}: {name}')
        self.assertEqual([], upward)

    def test_distributions(self):
        """zc.zkzopeserver uses only what is public in zc.zk."""
        private = []
        for module in sources.modules():
            if module.name.startswith('zc.zkzopeserver'):
                private += [
                    f'{module.path}:{line}: {name}' for line, name
                    in sources.imported(module, set(NAMES))
                    if name.startswith('zc.zk.') and '._' in name]
        self.assertEqual([], private)

    def test_pure(self):
        """A pure module knows no socket, thread or clock."""
        effects = []
        for module in sources.modules():
            if module.name in PURE:
                effects += [
                    f'{module.path}:{line}: {name}' for line, name
                    in sources.imported(module, set(NAMES))
                    if name.split('.')[0] in EFFECTS and name not in RECORDS]
        self.assertEqual([], effects)
