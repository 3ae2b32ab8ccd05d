"""What a refused request is told."""
from __future__ import annotations

import unittest

from zc.zkzopeserver._engines.refusal import Refusal
from zc.zkzopeserver._engines.refusal import bad
from zc.zkzopeserver._engines.refusal import too_large


class RefusalTests(unittest.TestCase):

    def test_status_and_text(self):
        """A refusal holds the status line's end and a sentence."""
        for refusal, status, text in (
            (bad('a b'), '400 Bad Request', 'a b'),
            (too_large(7), '413 Content Too Large',
             'the body is larger than 7 bytes'),
            (Refusal('501 No', 'x'), '501 No', 'x'),
        ):
            self.assertEqual((status, text), (refusal.status, refusal.text))
            self.assertIn(text, str(refusal))
