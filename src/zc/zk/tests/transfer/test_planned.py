"""Tests of planned: imports that are applied later."""
from __future__ import annotations

import zc.zk
from zc.zk._tree import steps
from zc.zk.errors import NoService
from zc.zk.errors import PlanMoved
from zc.zk.errors import PlanNotForHere
from zc.zk.tests.servercase import ServerCase


TREE = '''
/a
  x = 1
  /b
  /c
    /d
/e
'''
WANTED = '''
/a
  x = 2
  /b
    new = 1
  /n
    /m
'''


class Plans(ServerCase):

    def setUp(self):
        super().setUp()
        self.zk.import_tree(TREE)

    def export(self):
        return self.zk.export_tree('/')

    def test_apply(self):
        """A plan, saved and loaded elsewhere, does what an import does."""
        plan = self.zk.plan(WANTED, trim=True)
        before = self.export()
        kinds = {type(step) for step in plan.steps}
        self.assertEqual({steps.Add, steps.Change, steps.Remove}, kinds)
        self.assertEqual(TREE.strip(), before.strip())
        text = plan.to_json()
        again = self.make().load_plan(text)
        self.assertEqual(plan.steps, again.steps)
        self.assertEqual({'x': 1}, again.old['/a'])
        again.apply()
        self.assertEqual((WANTED + '/e').split(), self.export().split())
        self.assertEqual(
            sorted(step.path for step in plan.steps), sorted(again.applied))
        self.assertEqual([], self.zk.plan(WANTED, trim=True).steps)

    def moves(self, change, *paths):
        """Check that a plan does nothing after a change."""
        plan = self.zk.plan(WANTED, trim=True)
        change()
        before = self.export()
        with self.assertRaises(PlanMoved) as caught:
            self.zk.load_plan(plan.to_json()).apply()
        self.assertEqual((list(paths), []),
                         (caught.exception.paths, caught.exception.applied))
        self.assertIn(', '.join(paths), str(caught.exception))
        self.assertIn('nothing was done', str(caught.exception))
        self.assertEqual(before, self.export())

    def test_changed(self):
        """A node whose data were written, even with the same."""
        self.moves(lambda: self.zk.set('/a', b'{"x":1}'), '/a')

    def test_made(self):
        """A node that is there now."""
        self.moves(lambda: self.zk.create('/a/n', b'{}'), '/a/n')

    def test_gone(self):
        """Nodes that are gone."""
        self.moves(lambda: self.zk.delete('/a/b'), '/a/b')

    def test_made_anew(self):
        """A node that was deleted and made anew has the same version."""
        def change():
            self.zk.delete('/a/b')
            self.zk.create('/a/b', b'{}')
        self.moves(change, '/a/b')

    def test_grown(self):
        """A node to be deleted that has a new node below it."""
        self.moves(lambda: self.zk.create('/a/c/new', b'{}'), '/a/c')

    def test_several(self):
        """All of them are named."""
        def change():
            self.zk.set('/a', b'{}')
            self.zk.delete('/a/c/d')
            self.zk.create('/a/n', b'')
        self.moves(change, '/a', '/a/c', '/a/c/d', '/a/n')

    def test_parent_gone(self):
        """A node above one that would be made."""
        plan = self.zk.plan('/e\n  /f\n')
        self.zk.delete('/e')
        with self.assertRaises(PlanMoved) as caught:
            plan.apply()
        self.assertEqual(['/e'], caught.exception.paths)

    def test_twice(self):
        """A plan that was applied cannot be applied again."""
        text = self.zk.plan(WANTED, trim=True).to_json()
        self.zk.load_plan(text).apply()
        with self.assertRaises(PlanMoved):
            self.zk.load_plan(text).apply()

    def test_lost_reply(self):
        """A reply that is lost is no change by others."""
        plan = self.zk.plan(WANTED, trim=True)
        self.server.drop_reply('multi')
        plan.apply()
        self.assertEqual((WANTED + '/e').split(), self.export().split())

    def test_services(self):
        """Only the named services are looked at, also one that goes."""
        plan = self.zk.plan(WANTED, trim=True, services=['e'])
        self.assertEqual(['/e'], [step.path for step in plan.steps])
        self.assertIsInstance(plan.steps[0], steps.Remove)
        self.assertEqual([], self.zk.plan(
            TREE + '/q\n', trim=True, services=['a']).steps)
        plan.apply()
        self.assertFalse(self.zk.exists('/e'))

    def test_no_service(self):
        """A name that neither has is refused, with similar names of both."""
        self.zk.import_tree('/fooservice\n/other\n')
        for trim in (None, True, False):
            with self.subTest(trim), self.assertRaises(NoService) as caught:
                self.zk.plan('/fooservices\n', trim=trim,
                             services=['fooservices', 'foservice'])
            self.assertEqual(
                ('foservice', '/', {'fooservice', 'fooservices'}),
                (caught.exception.name, caught.exception.path,
                 set(caught.exception.similar)))

    def test_elsewhere(self):
        """A plan for other servers, or another root, is refused."""
        text = self.zk.plan(WANTED).to_json()
        with zc.zk.testing.Server() as other, \
                zc.zk.ZooKeeper(other.connection_string) as zk, \
                self.assertRaisesRegex(PlanNotForHere, 'for the servers'):
            zk.load_plan(text)
        with zc.zk.ZooKeeper(self.server.connection_string + '/a') as zk, \
                self.assertRaisesRegex(
                    PlanNotForHere, 'for the root /, not for /a'):
            zk.load_plan(text)

    def test_path(self):
        """A plan is made below a path, through links."""
        self.zk.import_tree('/l\n  here -> /a/c\n')
        plan = self.zk.plan('/d\n  y = 1\n', '/l/here')
        self.assertEqual('/a/c', plan.path)
        self.assertEqual('<Plan for /a/c: 1 steps>', repr(plan))
        plan.apply()
        self.assertEqual({'y': 1}, dict(self.zk.properties('/a/c/d')))
