"""Tests of scripts: what is behind the door."""
from __future__ import annotations

import pathlib
import re
import unittest

from zc.zk import scripts


class Door(unittest.TestCase):

    def test_entry_points(self):
        """Each script is installed under its name."""
        setup = pathlib.Path(scripts.__file__).parents[3] / 'setup.py'
        found = re.findall(r"'zookeeper_(\w+) = zc\.zk\.scripts:(\w+)'",
                           setup.read_text(encoding='utf-8'))
        self.assertEqual(
            sorted(scripts.__all__), sorted(name for _, name in found))
        for script, name in found:
            self.assertEqual(script, name.rstrip('_'))
