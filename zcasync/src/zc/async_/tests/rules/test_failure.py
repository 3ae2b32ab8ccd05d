import io
import pickle
import unittest

import persistent

from zc.async_._rules.failure import MAX_TEXT
from zc.async_._rules.failure import Failure
from zc.async_._rules.failure import LostError
from zc.async_._rules.failure import is_failure


def failure_of(error):
    try:
        raise error
    except BaseException:
        return Failure()


class Unpicklable(Exception):

    def __init__(self, one, two):
        super().__init__(one)


class Holder(Exception):
    pass


class Mute(Exception):

    def __str__(self):
        raise RuntimeError('no text')


class Surface(unittest.TestCase):

    def test_value(self):
        """The exception itself comes back, also after pickling."""
        failure = pickle.loads(pickle.dumps(failure_of(KeyError('a', 1))))
        self.assertIsInstance(failure.value, KeyError)
        self.assertEqual(('a', 1), failure.value.args)
        self.assertIs(KeyError, failure.type)
        self.assertEqual('builtins.KeyError', failure.name)

    def test_check(self):
        """check finds the class, a base class, or a name."""
        failure = failure_of(KeyError('a'))
        self.assertIs(LookupError, failure.check(ValueError, LookupError))
        self.assertEqual('builtins.KeyError',
                         failure.check('builtins.KeyError'))
        self.assertIsNone(failure.check(ValueError, 'no.Such'))

    def test_trap(self):
        """trap raises what it was not told of."""
        failure = failure_of(KeyError('a'))
        self.assertIs(KeyError, failure.trap(KeyError))
        with self.assertRaises(KeyError):
            failure.trap(ValueError)
        with self.assertRaises(KeyError):
            failure.raiseException()

    def test_texts(self):
        """Message and traceback are texts."""
        failure = failure_of(ValueError('so not'))
        self.assertEqual('so not', failure.getErrorMessage())
        text = failure.getTraceback(elideFrameworkCode=True,
                                    detail='verbose')
        self.assertIn('raise error', text)
        self.assertTrue(text.endswith('ValueError: so not\n'))
        self.assertEqual('builtins.ValueError: so not',
                         failure.getTraceback(detail='brief'))
        self.assertEqual(
            '[Failure instance: builtins.ValueError: so not]', str(failure))
        self.assertIn('builtins.ValueError', repr(failure))
        stream = io.StringIO()
        failure.printTraceback(stream)
        self.assertEqual(text, stream.getvalue())

    def test_none(self):
        """Outside an except clause there is nothing to keep."""
        with self.assertRaisesRegex(ValueError, 'no exception'):
            Failure()

    def test_is_failure(self):
        """is_failure tells failures from other results."""
        self.assertTrue(is_failure(failure_of(ValueError())))
        self.assertFalse(is_failure(ValueError()))


class Safety(unittest.TestCase):

    def test_unpicklable(self):
        """An exception that cannot be loaded again is replaced."""
        failure = pickle.loads(pickle.dumps(failure_of(Unpicklable(1, 2))))
        self.assertIsInstance(failure.value, LostError)
        self.assertIn('Unpicklable: 1', str(failure.value))
        self.assertTrue(failure.check(Unpicklable))
        self.assertFalse(failure.check(KeyError))

    def test_local_class(self):
        """So is one whose class cannot be imported."""
        class Local(Exception):
            pass
        failure = pickle.loads(pickle.dumps(failure_of(Local('x'))))
        self.assertIsInstance(failure.value, LostError)

    def test_persistent(self):
        """No persistent object is kept with an exception."""
        failure = failure_of(Holder(persistent.Persistent()))
        self.assertIsInstance(failure.value, LostError)

    def test_class_gone(self):
        """The texts remain where the class is gone."""
        failure = failure_of(KeyError('a'))
        failure._pickle = failure._pickle.replace(b'KeyError', b'KeyErron')
        self.assertIsInstance(failure.value, LostError)
        self.assertTrue(failure.check(KeyError))

    def test_mute(self):
        """An exception whose text cannot be made is kept without."""
        failure = failure_of(Mute())
        self.assertIn('could not be made', failure.getErrorMessage())

    def test_long(self):
        """Long texts are cut; their end is kept."""
        failure = failure_of(ValueError('a' * 3 * MAX_TEXT + 'z'))
        self.assertLess(len(failure.getErrorMessage()), MAX_TEXT + 10)
        self.assertTrue(failure.getErrorMessage().endswith('z'))
        self.assertLess(len(pickle.dumps(failure)), 10 * MAX_TEXT)

    def test_huge(self):
        """An exception with much data is kept as texts alone."""
        failure = failure_of(ValueError('a' * 200000))
        self.assertIsInstance(failure.value, LostError)
