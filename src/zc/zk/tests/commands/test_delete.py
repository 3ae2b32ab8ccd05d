"""Tests of delete: the script that deletes nodes."""
from __future__ import annotations

from zc.zk import scripts
from zc.zk.tests.scripted import ScriptCase
from zc.zk.tests.scripted import Terminal


class DeleteTests(ScriptCase):

    tree = '/a\n  /b\n    /c\n  /d\n/lb\n  l -> /a/b\n'

    def delete(self, *args, **keywords):
        return self.run_script(
            scripts.delete, self.connection_string, *args, **keywords)

    def test_dry_run(self):
        """A dry run prints what would be deleted."""
        self.assertEqual(
            (0, 'would delete /a/b/c.\nwould delete /a/b.\n', ''),
            self.delete('-d', '/a/b'))
        self.assertTrue(self.zk().exists('/a/b/c'))

    def test_asks(self):
        """On a terminal, it deletes only after a yes."""
        question = ('this deletes 2 nodes:\n  /a/b/c\n  /a/b\n'
                    'these links would break:\n'
                    '  /lb l -> (leads to /a/b, which does not exist)\n'
                    'Delete 2 nodes? [y/N] ')
        self.assertEqual(
            (1, '', f'{question}zookeeper_delete: nothing was done\n'),
            self.delete('/a/b', stdin=Terminal('n\n'), err=Terminal()))
        self.assertTrue(self.zk().exists('/a/b/c'))
        self.assertEqual(
            (0, '', question),
            self.delete('/a/b', stdin=Terminal('y\n'), err=Terminal()))
        self.assertFalse(self.zk().exists('/a/b'))

    def test_yes(self):
        """Without a terminal, it needs --yes."""
        status, out, err = self.delete('/a/d')
        self.assertEqual((1, ''), (status, out))
        self.assertIn('there is no terminal to ask', err)
        self.assertTrue(self.zk().exists('/a/d'))
        self.assertEqual(
            (0, '', 'this deletes 1 node:\n  /a/d\n'),
            self.delete('--yes', '/a/d'))
        self.assertFalse(self.zk().exists('/a/d'))

    def test_ephemeral(self):
        """Ephemeral nodes stay, and what is above them, unless forced."""
        zk = self.zk()
        zk.register('/a/d', '1.2.3.4:80')
        stay = ("Not deleting /a/d/1.2.3.4:80 because it's ephemeral.\n"
                '/a/d not deleted due to ephemeral descendent.\n')
        self.assertEqual((1, stay, ''), self.delete('-y', '/a/d'))
        zk.unregister('/a/d', '1.2.3.4:80')
        zk.create('/a/d/x', b'', ephemeral=True)
        self.assertEqual(0, self.delete('-yf', '/a/d')[0])
        self.assertFalse(zk.exists('/a/d'))

    def test_no_text(self):
        """Nodes whose data are not text go too, when they are asked for.
        """
        zk = self.zk()
        zk.set('/a/b/c', b'\xff')
        self.assertEqual(0, self.delete('-y', '/a/b')[0])
        self.assertFalse(zk.exists('/a/b'))

    def test_links(self):
        """The path may lead through links."""
        self.assertEqual(
            (0, 'would delete /a/b/c.\n', ''), self.delete('-d', '/lb/l/c'))

    def test_link(self):
        """A link at the end of the path goes, and not what it leads to."""
        zk = self.zk()
        zk.ln('/none', '/lb/broken')
        self.assertEqual((0, 'would delete the link /lb/l.\n', ''),
                         self.delete('-d', '/lb/l'))
        before = zk.export_tree('/a')
        for path in ('/lb/l', '/lb/broken'):
            self.assertIn(path.rpartition('/')[2] + ' ->',
                          zk.get_properties('/lb'))
            self.assertEqual((0, '', ''), self.delete(path))
        self.assertEqual({}, zk.get_properties('/lb'))
        self.assertEqual(before, zk.export_tree('/a'))
        # A node hides a link of its name.
        zk.ln('/a', '/lb/x')
        zk.create('/lb/x', b'')
        self.assertEqual(0, self.delete('-y', '/lb/x')[0])
        self.assertEqual({'x ->': '/a'}, zk.get_properties('/lb'))

    def test_faults(self):
        """What cannot be deleted is named, and wrong usage has status 2.
        """
        host = self.connection_string
        self.failed('zookeeper_delete: there is no node /none',
                    scripts.delete, host, '/none')
        self.failed("zookeeper_delete: bad path '/': the root cannot be "
                    'deleted', scripts.delete, host, '/')
        for args in ([], [host], ['/a'], [host, '/a', '/b']):
            self.assertEqual(
                2, self.run_script(scripts.delete, *args)[0], args)

    def test_changed_after_the_question(self):
        """A node that changes after the question is asked for again."""
        zk = self.zk()
        answers = ['y\n', 'n\n']

        class Slow(Terminal):
            def readline(self):
                zk.set('/a/d', b'{"x":1}')
                return answers.pop(0)

        status, out, err = self.delete('/a/d', stdin=Slow(), err=Terminal())
        self.assertEqual((1, ''), (status, out))
        self.assertEqual(2, err.count('Delete 1 node? [y/N] '))
        self.assertTrue(zk.exists('/a/d'))
