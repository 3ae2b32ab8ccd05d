"""Errors that are kept."""
import unittest

from zc.zk._live.frames import forget_frames


class Frames(unittest.TestCase):

    def test_chain(self):
        """The tracebacks of an error, its cause and its context go."""
        try:
            try:
                raise KeyError(1)
            except KeyError as e:
                raise ValueError(2) from e
        except ValueError as e:
            error = e
        self.assertIsNotNone(error.__traceback__)
        forget_frames(error)
        self.assertIsNone(error.__traceback__)
        self.assertIsNone(error.__cause__.__traceback__)

    def test_circle(self):
        """Errors that are each other's cause are no danger."""
        first, second = KeyError(1), KeyError(2)
        first.__cause__, second.__cause__ = second, first
        forget_frames(first)
        self.assertIsNone(second.__traceback__)
