"""Tests of pointers: links, step by step to where they fail."""
from __future__ import annotations

import unittest

from kazoo.exceptions import NoAuthError

from zc.zk._doctor.rules import pointers
from zc.zk._doctor.rules.finding import Findings
from zc.zk._tree.values import decode
from zc.zk._tree.values import encode


class Judge(unittest.TestCase):

    def judge(self, nodes, path='/a'):
        data = {each: encode(properties) if isinstance(properties, dict)
                else properties for each, properties in nodes.items()}
        names = sorted(each[len(path) + 1:] for each in nodes
                       if each.startswith(path + '/'))
        findings = Findings()
        for each in pointers.pointers(path, decode(data[path]), names):
            pointers.judge(findings, each,
                           lambda paths: [data.get(path) for path in paths])
        return [(each.rule, each.fault) for each in findings.all()]

    def test_well(self):
        """Links that lead to something are no fault."""
        self.assertEqual([], self.judge({
            '/': {}, '/a': {'x ->': '/b', 'y ->': '/b/z', 'p =>': '/b q'},
            '/b': {'z ->': '../c', 'q': 1}, '/c': {}}))

    def test_steps(self):
        """The steps are shown up to where the link fails."""
        self.assertEqual(
            [('broken-link', 'the link x -> /b/y -> /c/z -> /d: there is no '
              'node /d')],
            self.judge({'/': {}, '/a': {'x ->': '/b/y'},
                        '/b': {'y ->': '/c/z'}, '/c': {'z ->': '/d'}}))

    def test_circle(self):
        """A circle ends."""
        found = self.judge({'/': {}, '/a': {'x ->': '/a/y', 'y ->': '/a/x'}})
        self.assertEqual(['broken-link'] * 2, [rule for rule, _ in found])
        self.assertIn('circular', found[0][1])

    def test_growing(self):
        """So does a link that makes its path longer for ever."""
        (rule, fault), = self.judge({'/': {}, '/a': {'x ->': 'x/x'}})
        self.assertEqual('broken-link', rule)
        self.assertIn('...', fault)
        self.assertLess(len(fault), 9_000)

    def test_property_link(self):
        """A property link needs a property where it leads."""
        (rule, fault), = self.judge(
            {'/': {}, '/a': {'p =>': '/b q'}, '/b': {}})
        self.assertEqual('broken-link', rule)
        self.assertIn("no property 'q'", fault)

    def test_hidden(self):
        """A link that something of its name hides leads nowhere."""
        self.assertEqual(
            ['hidden-link'] * 2, [rule for rule, _ in self.judge({
                '/': {}, '/a': {'x ->': '/b', 'q =>': '/b', 'q': 1},
                '/a/x': {}, '/b': {'q': 1}})])

    def test_odd_targets(self):
        """Whatever stands in a link, it is a fault and no error."""
        for target in (1, None, [], {}, '', '  ', '/..', '\0', 'a' * 9_999):
            for key in ('x ->', 'x =>'):
                with self.subTest(key, target=target):
                    self.assertEqual(['broken-link'], [
                        rule for rule, _ in self.judge(
                            {'/': {}, '/a': {key: target}})])

    def test_forbidden(self):
        """A node on the way that may not be read is named."""
        (_, fault), = self.judge({
            '/': {}, '/a': {'x ->': '/b/c'}, '/b': NoAuthError()})
        self.assertIn('/b may not be read', fault)
