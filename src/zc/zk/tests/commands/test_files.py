"""Tests of files: what scripts read."""
from __future__ import annotations

import os
import sys
from unittest import mock

from zc.zk._commands import files
from zc.zk.tests.scripted import ScriptMixin


class Files(ScriptMixin):

    def test_text(self):
        """A text comes with whether a pipe brought it."""
        name = self.file('\ufeff/a\n')
        self.assertEqual(('/a\n', False), files.read_text(name))
        reading, writing = os.pipe()
        with open(writing, 'w') as file:
            file.write('/b\n')
        with open(reading) as pipe, mock.patch.object(sys, 'stdin', pipe):
            self.assertEqual(('/b\n', True), files.read_text('-'))
