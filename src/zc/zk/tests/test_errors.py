import pickle
import re
import unittest

from zc.zk import errors


#: One error of each class, and exactly how it reads.
MESSAGES = [
    (errors.AddressError('here', 'HOST:PORT is needed'),
     "bad server address 'here': HOST:PORT is needed"),
    (errors.BadPropertyLink('/a', 'p', '/b q', 'there is no node /b'),
     'bad property link at /a: p => /b q: there is no node /b'),
    (errors.DataError('/a', 'not UTF-8 text (byte 0 of 3)'),
     'data of /a: not UTF-8 text (byte 0 of 3)'),
    (errors.FailedConnect('h:1'),
     "can't connect to ZooKeeper at 'h:1'"),
    (errors.FailedConnect('h:1', 'no session within 2 seconds'),
     "can't connect to ZooKeeper at 'h:1': no session within 2 seconds"),
    (errors.ForkedError(42),
     'this ZooKeeper object belongs to process 42: '
     'make a new one after a fork'),
    (errors.ImportFailed('/a', 'no permission', []),
     'import stopped at /a: no permission; nothing was written'),
    (errors.ImportFailed('/c', 'no permission', ['/a', '/b']),
     'import stopped at /c: no permission; already written: /a, /b'),
    (errors.ImportFailed('/c', 'no permission', [f'/{n}' for n in range(12)]),
     'import stopped at /c: no permission; already written: '
     '/0, /1, /2, /3, /4, /5, /6, /7, /8, /9 and 2 more'),
    (errors.LinkLoop(['/a', '/b', '/a']),
     'circular links: /a -> /b -> /a'),
    (errors.NoProviders('/a', 'none is registered'),
     'no provider at /a: none is registered'),
    (errors.NoService('b\n', '/a', ['c', 'd\r']),
     "neither the text nor the live tree has 'b\\n' directly below /a; "
     'similar names: c, d\\r'),
    (errors.NoService('b', '/'),
     "neither the text nor the live tree has 'b' directly below /"),
    (errors.PathError('a', "it must start with '/'"),
     "bad path 'a': it must start with '/'"),
    (errors.PlanMoved(['/a', '/b']),
     'these nodes have changed since the plan was made: /a, /b; nothing was '
     'done'),
    (errors.PlanMoved(['/a'], ['/b', '/c']),
     'these nodes have changed since the plan was made: /a; after 2 nodes '
     'were written or deleted'),
    (errors.PlanNotForHere('it is for the root /a'), 'it is for the root /a'),
    (errors.PlanSyntaxError('it is not JSON'), 'it is not JSON'),
    (errors.TooLarge('/a', 2_000_000, 1_048_575),
     'data of /a: 2000000 bytes do not fit in a request of 1048575 bytes '
     '(jute.maxbuffer)'),
    (errors.TreeChanged('/a', 5),
     '/a was changed by another client in each of 5 rounds; '
     'their changes were not overwritten; nothing was written'),
    (errors.TreeChanged('/a', 5, ['/b', '/c']),
     '/a was changed by another client in each of 5 rounds; '
     'their changes were not overwritten; already written: /b, /c'),
    (errors.TreeSyntaxError('bad indentation', 3),
     'line 3, column 1: bad indentation'),
    (errors.TreeSyntaxError('bad indentation', 3, 5, '    /x'),
     "line 3, column 5: bad indentation: '/x'"),
    (errors.TreeSyntaxError('bad indentation', 3, 5, '    /x', 'a.tree'),
     "a.tree:3:5: bad indentation: '/x'"),
    (errors.ValueNotStorable('/a', 'p', 'JSON has no nan'),
     "property 'p' of /a: JSON has no nan"),
]


class Messages(unittest.TestCase):

    def test_texts(self):
        """Each error reads exactly as it is written here."""
        for error, text in MESSAGES:
            with self.subTest(type(error).__name__):
                self.assertEqual(text, str(error))

    def test_complete(self):
        """There is a text here for each class that has one."""
        classes = {getattr(errors, name) for name in errors.__all__}
        self.assertEqual(
            classes - {errors.Error, errors.CancelWatch},
            {type(error) for error, _ in MESSAGES})

    def test_parts(self):
        """Errors keep their parts as attributes."""
        error = errors.TreeSyntaxError('what', 3, 5, 'line', 'file')
        self.assertEqual(
            ('what', 3, 5, 'line', 'file'),
            (error.message, error.line, error.column, error.text,
             error.source))
        error = errors.TooLarge('/a', 3, 2)
        self.assertEqual(('/a', 3, 2), (error.path, error.size, error.limit))
        error = errors.BadPropertyLink('/a', 'p', '/b', 'why')
        self.assertEqual(
            ('/a', 'p', '/b', 'why'),
            (error.path, error.name, error.target, error.reason))

    def test_sequences(self):
        """Paths in errors are kept as tuples."""
        self.assertEqual(('/a', '/a'), errors.LinkLoop(['/a', '/a']).paths)
        self.assertEqual(
            ('/a',), errors.ImportFailed('/b', 'why', ['/a']).applied)

    def test_pickle(self):
        """Errors can be sent to other processes."""
        for error, text in MESSAGES:
            with self.subTest(type(error).__name__):
                copy = pickle.loads(pickle.dumps(error))
                self.assertEqual(error, copy)
                self.assertEqual(text, str(copy))


class Tree(unittest.TestCase):

    def drawn(self):
        """Return what the module's docstring draws: [(name, others)]."""
        return re.findall(
            r'^      (\w+) +(?:\(([\w, ]+)\) )?\w', errors.__doc__,
            re.MULTILINE)

    def test_drawn(self):
        """The docstring draws exactly the classes there are, by name."""
        names = [name for name, _ in self.drawn()]
        self.assertEqual(
            sorted(set(errors.__all__) - {'Error', 'CancelWatch'}), names)

    def test_bases(self):
        """Each class has the bases that are drawn."""
        for name, other in self.drawn():
            with self.subTest(name):
                bases = getattr(errors, name).__bases__
                expected = ['Error', *(other.split(', ') if other else [])]
                self.assertEqual(
                    expected, [base.__name__ for base in bases])

    def test_cancel_watch(self):
        """CancelWatch is no Error: nobody catches it with the others."""
        self.assertIs(Exception, errors.CancelWatch.__base__)
        self.assertIs(Exception, errors.Error.__base__)

    def test_public(self):
        """Every error can be had from zc.zk itself."""
        import zc.zk
        for name in errors.__all__:
            self.assertIs(getattr(errors, name), getattr(zc.zk, name))


class Equality(unittest.TestCase):

    def test_equal(self):
        """Errors of one class with the same parts are equal."""
        one = errors.DataError('/a', 'why')
        other = errors.DataError('/a', 'why')
        self.assertEqual(one, other)
        self.assertEqual(hash(one), hash(other))
        self.assertEqual(1, len({one, other}))

    def test_unequal(self):
        """Errors of other classes, with other parts, or foreign, differ."""
        one = errors.DataError('/a', 'why')
        self.assertNotEqual(one, errors.DataError('/b', 'why'))
        self.assertNotEqual(one, errors.PathError('/a', 'why'))
        self.assertNotEqual(one, ValueError('/a', 'why'))
        self.assertNotEqual(one, 'data of /a: why')

    def test_hash_of_lists(self):
        """Errors that were given lists can be hashed, and are equal."""
        self.assertEqual(
            1, len({errors.LinkLoop(['/a']), errors.LinkLoop(['/a'])}))
