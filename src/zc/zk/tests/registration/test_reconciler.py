"""One pass of the reconciler, on nodes in a dictionary."""
from __future__ import annotations

import unittest
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import READ_ACL_UNSAFE

from zc.zk._registration.farewell import LAST_DATA
from zc.zk._registration.reconciler import Reconciler
from zc.zk._registration.registration import Registration
from zc.zk._registration.states import State
from zc.zk._session.transactions import TransactionFailed
from zc.zk._session.wire import Create
from zc.zk._session.wire import Delete
from zc.zk._session.wire import SetData


OURS, OLD, THEIRS = 1, 2, 3


def stat(owner: int, version: int = 0) -> ZnodeStat:
    return ZnodeStat(1, 1, 0, 0, version, 0, 0, owner, 0, 0, 1)


class FakeClient:

    connected = True
    client_id: Any = (OURS, b'')


class FakeBulk:
    """Nodes in a dictionary: path -> (data, stat), or an error to give."""

    batch_bytes = 1_000_000

    def chroot_size(self) -> int:
        return 0

    def __init__(self) -> None:
        self.client = FakeClient()
        self.nodes: dict[str, Any] = {}
        self.faults: dict[str, list[Exception]] = {}
        self.commits: list[list[Any]] = []

    def data(self, paths: Sequence[str]) -> list[Any]:
        return [self.nodes.get(path, NoNodeError()) for path in paths]

    def commit(self, ops: Sequence[Any]) -> list[Any]:
        self.commits.append(list(ops))
        nodes = dict(self.nodes)
        for index, op in enumerate(ops):
            if self.faults.get(op.path):
                error = self.faults[op.path].pop(0)
                if not isinstance(error, BadVersionError | NoNodeError
                                  | NoAuthError | NodeExistsError):
                    raise error
                raise TransactionFailed(index, op, error)
            if not isinstance(op, Create) and op.version not in (
                    -1, nodes[op.path][1].version):
                raise TransactionFailed(index, op, BadVersionError())
            if isinstance(op, Delete):
                del nodes[op.path]
            elif isinstance(op, SetData):
                nodes[op.path] = op.data, stat(OURS, op.version + 1)
            else:
                nodes[op.path] = op.data, stat(OURS)
        self.nodes.clear()
        self.nodes.update(nodes)
        return [True] * len(ops)


class Case(unittest.TestCase):

    def setUp(self) -> None:
        self.bulk = FakeBulk()
        self.reconciler = Reconciler(self.bulk)     # type: ignore[arg-type]
        self.reconciler.sessions.add(OLD)

    def wanted(
        self, path: str = '/s/a', data: bytes = b'{}', **keywords: Any
    ) -> Registration:
        """Return a registration whose node had these data."""
        keeper: Any = None
        acl = keywords.pop('acl', OPEN_ACL_UNSAFE)
        wanted = Registration(keeper, path, data, acl, **keywords)
        wanted._content.unwritten = False
        return wanted


class PassTests(Case):

    def test_nothing_there(self) -> None:
        """A missing node is created."""
        wanted = self.wanted()
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.REGISTERED)
        self.assertEqual(self.bulk.commits, [
            [Create('/s/a', b'{}', OPEN_ACL_UNSAFE, True)]])

    def test_ours(self) -> None:
        """Our node is left alone, and its data are learned."""
        wanted = self.wanted()
        self.bulk.nodes['/s/a'] = b'{"new":1}', stat(OURS)
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.REGISTERED)
        self.assertEqual(wanted._content.data, b'{"new":1}')
        self.assertEqual(self.bulk.commits, [])

    def test_newer_data_are_kept(self) -> None:
        """Data that were read before a write do not come back."""
        wanted = self.wanted()
        wanted._content.learn(b'{"new":1}', 5)
        self.bulk.nodes['/s/a'] = b'{"old":1}', stat(OURS)
        self.reconciler.run([wanted])
        self.assertEqual(wanted._content.data, b'{"new":1}')

    def test_ours_with_data_to_write(self) -> None:
        """Data that were updated are written at the version read."""
        wanted = self.wanted(data=b'{"b":1}')
        wanted._content.unwritten = True
        self.bulk.nodes['/s/a'] = b'{}', stat(OURS, 7)
        self.reconciler.run([wanted])
        self.assertEqual(
            self.bulk.commits, [[SetData('/s/a', b'{"b":1}', 7)]])
        self.assertFalse(wanted._content.unwritten)

    def test_ours_that_nobody_may_write(self) -> None:
        """Where writing is not allowed, the node is replaced."""
        wanted = self.wanted(data=b'{"b":1}')
        wanted._content.unwritten = True
        self.bulk.nodes['/s/a'] = b'{}', stat(OURS)
        self.bulk.faults['/s/a'] = [NoAuthError()]
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.REGISTERED)
        self.assertEqual(
            [type(op) for op in self.bulk.commits[-1]], [Delete, Create])

    def test_of_an_old_session(self) -> None:
        """A dying node of ours is replaced in one transaction."""
        wanted = self.wanted()
        self.bulk.nodes['/s/a'] = b'{}', stat(OLD, 3)
        self.reconciler.run([wanted])
        self.assertEqual(self.bulk.commits, [[
            Delete('/s/a', 3), Create('/s/a', b'{}', OPEN_ACL_UNSAFE, True)]])

    def test_of_another_session(self) -> None:
        """A foreign node is never touched."""
        wanted = self.wanted()
        self.bulk.nodes['/s/a'] = b'{}', stat(THEIRS)
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.WAITING)
        self.assertIsInstance(wanted.error, NodeExistsError)
        self.assertEqual(self.bulk.commits, [])

    def test_known_to_be_stale(self) -> None:
        """A foreign node is replaced when its owner is known to be gone."""
        wanted = self.wanted(takeover=True)
        self.bulk.nodes['/s/a'] = b'{}', stat(THEIRS)
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.REGISTERED)
        self.assertFalse(wanted._takeover)

    def test_permanent(self) -> None:
        """A node that nobody's session owns is an error."""
        wanted = self.wanted()
        self.bulk.nodes['/s/a'] = b'{}', stat(0)
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.FAILED)
        self.assertIn('permanent', str(wanted.error))

    def test_together_with_one_that_cannot_be(self) -> None:
        """With together, a node that cannot be had keeps the others too."""
        for blocking in ((b'{}', stat(0)), NoAuthError()):
            self.bulk.nodes = {'/s/a': blocking}
            many = [self.wanted(), self.wanted('/s/b')]
            self.reconciler.run(many, together=True)
            self.assertEqual([], self.bulk.commits)
            self.assertEqual(State.FAILED, many[0].state)

    def test_unreadable(self) -> None:
        """A node that may not be read is an error that names it."""
        wanted = self.wanted()
        self.bulk.nodes['/s/a'] = NoAuthError()
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.FAILED)
        self.assertEqual(str(wanted.error), '/s/a')

    def test_no_parent(self) -> None:
        """A missing parent is named."""
        wanted = self.wanted()
        self.bulk.faults['/s/a'] = [NoNodeError()]
        self.reconciler.run([wanted])
        self.assertEqual(wanted.state, State.FAILED)
        self.assertEqual(str(wanted.error), '/s')

    def test_changed_between_reading_and_writing(self) -> None:
        """A race leaves the node pending, for the next pass."""
        wanted = self.wanted()
        for error in NodeExistsError(), BadVersionError():
            self.bulk.faults['/s/a'] = [error]
            self.reconciler.run([wanted])
            self.assertEqual(wanted.state, State.PENDING)

    def test_one_fault_does_not_keep_others(self) -> None:
        """Of many, only the one at fault is left out."""
        many = [self.wanted(f'/s/{i}') for i in range(5)]
        self.bulk.faults['/s/2'] = [NoAuthError()]
        self.reconciler.run(many)
        self.assertEqual([each.state for each in many], [
            State.REGISTERED, State.REGISTERED, State.FAILED,
            State.REGISTERED, State.REGISTERED])

    def test_together_or_not_at_all(self) -> None:
        """With together, one fault keeps all."""
        many = [self.wanted(f'/s/{i}') for i in range(3)]
        self.bulk.faults['/s/2'] = [NoAuthError()]
        self.reconciler.run(many, together=True)
        self.assertEqual(self.bulk.nodes, {})
        self.bulk.nodes['/s/1'] = b'', stat(THEIRS)
        self.reconciler.run(many, together=True)
        self.assertEqual(list(self.bulk.nodes), ['/s/1'])

    def test_a_session_that_changed_meanwhile(self) -> None:
        """A pass that began in another session runs again."""
        wanted = self.wanted()
        real = self.bulk.commit

        def commit(ops: Any) -> Any:
            result = real(ops)
            if self.bulk.client.client_id[0] == OURS:
                self.bulk.client.client_id = (9, b'')
            return result

        self.bulk.commit = commit       # type: ignore[method-assign]
        self.reconciler.run([wanted])
        self.assertEqual(len(self.bulk.commits), 2)
        self.assertEqual(
            [type(op) for op in self.bulk.commits[1]], [Delete, Create])

    def test_no_connection(self) -> None:
        """Without a session nothing is read or written."""
        self.bulk.client.client_id = None
        with self.assertRaises(ConnectionLoss):
            self.reconciler.run([self.wanted()])

    def test_changes_are_logged_once(self) -> None:
        """The same error twice is one line."""
        wanted = self.wanted()
        wanted._announce()
        with self.assertLogs('zc.zk') as logs:
            wanted._note(State.FAILED, NoAuthError('/s/a'))
            wanted._note(State.FAILED, NoAuthError('/s/a'))
            wanted._register()
        self.assertEqual(len(logs.output), 2)


class DeleteTests(Case):

    def test_delete_ours(self) -> None:
        """Only a node of this client's sessions is deleted."""
        for owner, gone in ((OLD, True), (THEIRS, False)):
            self.bulk.nodes['/s/a'] = b'', stat(owner)
            self.reconciler.delete([self.wanted()])
            self.assertEqual('/s/a' not in self.bulk.nodes, gone)
        del self.bulk.nodes['/s/a']
        self.reconciler.delete([self.wanted()])

    def test_delete_another_one_meanwhile(self) -> None:
        """A node that another session made after the look stays."""
        self.bulk.nodes['/s/a'] = b'', stat(OLD, 1)
        real = self.bulk.data

        def data(paths: Sequence[str]) -> list[Any]:
            found = real(paths)
            self.bulk.nodes['/s/a'] = b'', stat(THEIRS, 0)
            return found

        self.bulk.data = data           # type: ignore[method-assign]
        self.reconciler.delete([self.wanted()])
        self.assertEqual((b'', stat(THEIRS, 0)), self.bulk.nodes['/s/a'])

    def test_delete_written_meanwhile(self) -> None:
        """One that is written to all the time goes all the same."""
        self.bulk.nodes['/s/a'] = b'', stat(OLD, 1)
        self.bulk.faults['/s/a'] = [BadVersionError(), BadVersionError()]
        self.reconciler.delete([self.wanted()])
        self.assertEqual({}, self.bulk.nodes)

    def test_delete_faults(self) -> None:
        """A node that went by itself is well; the rest is an error."""
        self.bulk.nodes['/s/a'] = b'', stat(OLD)
        self.bulk.faults['/s/a'] = [
            NoNodeError(), NoAuthError(), NoAuthError()]
        self.reconciler.delete([self.wanted()])
        with self.assertRaisesRegex(NoAuthError, '/s/a'):
            self.reconciler.delete([self.wanted()])

    def test_word(self) -> None:
        """A node goes with a word, in a way that the server allows."""
        delete = Delete('/s/a', 0)
        written = [SetData('/s/a', LAST_DATA, 0), Delete('/s/a', 1)]
        remade = [
            delete, Create('/s/a', LAST_DATA, READ_ACL_UNSAFE, True), delete]
        for acl, commits in (
            (OPEN_ACL_UNSAFE, [written]), (READ_ACL_UNSAFE, [remade])
        ):
            with self.subTest(commits):
                self.bulk.commits = []
                self.bulk.nodes['/s/a'] = b'', stat(OLD)
                self.reconciler.delete([self.wanted(acl=acl)])
                self.assertEqual(commits, self.bulk.commits)
                self.assertEqual({}, self.bulk.nodes)

    def test_many(self) -> None:
        """Nodes go in one transaction, and each that cannot is left out."""
        for name in 'abcd':
            self.bulk.nodes['/s/' + name] = b'', stat(OLD)
        self.bulk.nodes['/s/c'] = b'', stat(THEIRS)
        self.bulk.faults['/s/b'] = [NoAuthError(), NoAuthError()]
        with self.assertRaisesRegex(NoAuthError, '/s/b'):
            self.reconciler.delete(
                [self.wanted('/s/' + name) for name in 'abcde'])
        self.assertEqual({'/s/b', '/s/c'}, set(self.bulk.nodes))
        self.assertEqual(3, len(self.bulk.commits))
