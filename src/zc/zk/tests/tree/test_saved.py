"""Tests of saved: plans as text."""
from __future__ import annotations

import json
import unittest

from hypothesis import given
from hypothesis import strategies as st

from zc.zk._tree import saved
from zc.zk._tree import steps
from zc.zk._tree.values import encode
from zc.zk.errors import PlanSyntaxError
from zc.zk.tests.trees import few


PLAN = saved.SavedPlan(
    ['one:2181', 'two:2181'], '/root', '/', True, [
        steps.Add('/a', b'{"x":1}', True),
        steps.Change('/b', b'{"y":"\\u00e9"}', 3, {'y': 1}, {'y': 'é'}),
        steps.Remove('/c', 0, 17),
        steps.Stay('/d', steps.EPHEMERAL),
    ], {'/b': saved.Seen(40, {'y': 1}), '/c': saved.Seen(17, None)})


class RoundTrip(unittest.TestCase):

    def test_same(self):
        """What is loaded is what was saved."""
        text = saved.dump(PLAN)
        self.assertEqual(PLAN, saved.load(text))
        self.assertTrue(text.isascii())

    @few
    @given(st.dictionaries(
        st.text('ab é\n\x1b', min_size=1, max_size=5),
        st.integers() | st.text('aé\u2028"', max_size=5) | st.lists(
            st.none() | st.booleans() | st.floats(
                allow_nan=False, allow_infinity=False),
            max_size=3), max_size=4))
    def test_any(self, properties):
        """Whatever properties hold, it comes back."""
        plan = PLAN._replace(steps=[steps.Change(
            '/b', encode(properties), 1, properties, properties)],
            seen={'/b': saved.Seen(1, properties)})
        self.assertEqual(plan, saved.load(saved.dump(plan)))


class Faults(unittest.TestCase):

    def refused(self, text, reason):
        with self.assertRaisesRegex(PlanSyntaxError, reason):
            saved.load(text)

    def test_no_plan(self):
        """Texts that are something else are refused."""
        for text, reason in [
                ('', 'not JSON'), ('[' * 100_000, 'not JSON'),
                ('[]', 'the plan is not an object'), ('{}', '"format"'),
                ('{"format": "x"}', 'format is not')]:
            self.refused(text, reason)

    def test_version(self):
        """A plan of another version is refused."""
        self.refused(saved.dump(PLAN).replace(
            '"version": 1,\n "hosts', '"version": 2,\n "hosts'),
            'its version is 2')

    def test_parts(self):
        """Each part that is missing or wrong is named."""
        whole = json.loads(saved.dump(PLAN))
        for name in whole:
            found = {**whole, name: None}
            self.refused(json.dumps(found), f'"{name}" of the plan')
        for number, step in enumerate(whole['steps'], 1):
            for name in step:
                if name == 'old':
                    continue
                found = json.loads(json.dumps(whole))
                found['steps'][number - 1][name] = None
                self.refused(json.dumps(found),
                             f'"{name}" of step {number}')

    def test_values(self):
        """What cannot be a step is refused."""
        for index, name, value, reason in [
                (0, 'step', 'rename', '"step" of step 1 is unknown'),
                (0, 'path', 'a', '"path" of step 1'),
                (0, 'path', '/a/../b', '"path" of step 1'),
                (2, 'path', '/b', '/b is in two steps'),
                (3, 'reason', 'x', '"reason" of step 4 is unknown'),
                (1, 'version', True, '"version" of step 2')]:
            found = json.loads(saved.dump(PLAN))
            found['steps'][index][name] = value
            self.refused(json.dumps(found), reason)
        found = json.loads(saved.dump(PLAN))
        found['hosts'] = [1]
        self.refused(json.dumps(found), 'hosts are not strings')
