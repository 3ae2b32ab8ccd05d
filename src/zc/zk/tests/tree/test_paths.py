import unittest

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from kazoo.exceptions import NoNodeError

from zc.zk._tree import paths
from zc.zk.errors import PathError


NAMES = st.text(
    st.characters(
        max_codepoint=0xffef, exclude_categories=['Cc', 'Cs', 'Co'],
        exclude_characters='/'),
    min_size=1, max_size=8).filter(lambda name: name not in ('.', '..'))
PATHS = st.lists(NAMES, max_size=5).map(lambda names: '/' + '/'.join(names))


class Check(unittest.TestCase):

    def test_good(self):
        """Absolute, normal paths are returned as they are."""
        for path in ('/', '/a', '/a/b', '/.a', '/a.', '/...', '/a b',
                     '/\xe9/\u6f22', '/a/zookeeper'):
            self.assertIs(path, paths.check(path))

    def test_bad(self):
        """Each kind of bad path has its own message, with the path."""
        for path, reason in (
                (None, 'a str is needed, not NoneType'),
                (b'/a', 'a str is needed, not bytes'),
                ('', 'it is empty'),
                ('a', "it must start with '/'"),
                ('a/b', "it must start with '/'"),
                ('/a/', "it must not end with '/'"),
                ('//', "it must not end with '/'"),
                ('//a', "'//' is not allowed"),
                ('/a//b', "'//' is not allowed"),
                ('/.', "'.' is not allowed in a path"),
                ('/a/./b', "'.' is not allowed in a path"),
                ('/a/..', "'..' is not allowed in a path"),
                ('/../a', "'..' is not allowed in a path"),
                ('/a\0', "character '\\x00' is not allowed"),
                ('/a\nb', "character '\\n' is not allowed"),
                ('/a\x7f', "character '\\x7f' is not allowed"),
                ('/a\x85', "character '\\x85' is not allowed"),
                ('/\ud800', "character '\\ud800' is not allowed"),
                ('/\ue000', "character '\\ue000' is not allowed"),
                ('/\ufff0', "character '\\ufff0' is not allowed"),
                ('/\U0001f600', "character '\U0001f600' is not allowed")):
            with self.subTest(path=path):
                with self.assertRaises(PathError) as caught:
                    paths.check(path)
                self.assertEqual(
                    f'bad path {path!r}: {reason}', str(caught.exception))

    @settings(deadline=None)    # the machine may be busy
    @given(PATHS)
    def test_any(self, path):
        """What names are joined to is a path."""
        self.assertEqual(path, paths.check(path))


class Normal(unittest.TestCase):

    def test_dots_and_slashes(self):
        """They are taken out as text."""
        for path, normal in (
                ('/', '/'), ('//', '/'), ('/./', '/'), ('/a/', '/a'),
                ('//a///b//', '/a/b'), ('/a/./b/.', '/a/b'),
                ('/a/b/..', '/a'), ('/a/b/./../..', '/'),
                ('/a/../b', '/b'), ('/.a/..b/c..', '/.a/..b/c..')):
            self.assertEqual(normal, paths.normal(path), path)

    def test_bad(self):
        """What is no path then is refused."""
        for path, reason in (
                (None, 'a str is needed, not NoneType'),
                (b'/a/', 'a str is needed, not bytes'),
                ('', 'it is empty'),
                ('a/', "it must start with '/'"),
                ('./a', "it must start with '/'"),
                ('/..', 'it leads above the root'),
                ('/a/../../a', 'it leads above the root'),
                ('/a\0/..\0/', "character '\\x00' is not allowed")):
            with self.subTest(path=path):
                with self.assertRaises(PathError) as caught:
                    paths.normal(path)
                self.assertEqual(reason, caught.exception.reason)

    @settings(deadline=None)
    @given(PATHS)
    def test_any(self, path):
        """A normal path stays as it is."""
        self.assertEqual(path, paths.normal(path))
        self.assertEqual(path, paths.normal(path + '/x/..//./'))


class CheckName(unittest.TestCase):

    def test_good(self):
        """A name is returned as it is."""
        for name in ('a', '10.0.0.1:80', '[::1]:80', '.a', ' '):
            self.assertIs(name, paths.check_name(name))

    def test_bad(self):
        """What cannot be a name is refused."""
        for name, reason in (
                ('', 'it is empty'),
                ('a/b', "a node name must not hold '/'"),
                ('/', "a node name must not hold '/'"),
                ('.', "'.' is not allowed in a path"),
                ('..', "'..' is not allowed in a path"),
                ('a\n', "character '\\n' is not allowed")):
            with self.subTest(name=name):
                with self.assertRaisesRegex(PathError, '^bad path ') as c:
                    paths.check_name(name)
                self.assertEqual(reason, c.exception.reason)


class Parts(unittest.TestCase):

    def test_join(self):
        """The root has no second slash."""
        self.assertEqual('/a', paths.join('/', 'a'))
        self.assertEqual('/a/b', paths.join('/a', 'b'))

    def test_split(self):
        """A path splits into its parent's path and its name."""
        self.assertEqual(('/', ''), paths.split('/'))
        self.assertEqual(('/', 'a'), paths.split('/a'))
        self.assertEqual(('/a/b', 'c'), paths.split('/a/b/c'))

    def test_parts(self):
        """The root has no names."""
        self.assertEqual([], paths.parts('/'))
        self.assertEqual(['a', 'b'], paths.parts('/a/b'))

    def test_is_under(self):
        """Paths are compared by their parts: /ab is not below /a."""
        for path, ancestor, expected in (
                ('/a', '/', True), ('/', '/', True), ('/', '/a', False),
                ('/a', '/a', True), ('/a/b', '/a', True),
                ('/ab', '/a', False), ('/a', '/a/b', False)):
            self.assertEqual(
                expected, paths.is_under(path, ancestor), (path, ancestor))

    @settings(deadline=None)
    @given(PATHS, NAMES)
    def test_join_and_split(self, base, name):
        """split undoes join."""
        path = paths.join(base, name)
        self.assertEqual((base, name), paths.split(path))
        self.assertEqual([*paths.parts(base), name], paths.parts(path))
        self.assertTrue(paths.is_under(path, base))
        self.assertFalse(paths.is_under(base, path))


class Follow(unittest.TestCase):

    def test_good(self):
        """A relative target starts at the node that has the link."""
        for base, target, expected in (
                ('/a', '/b', '/b'),
                ('/a', 'b', '/a/b'),
                ('/', 'b', '/b'),
                ('/a/b', '../c', '/a/c'),
                ('/a/b', './c', '/a/b/c'),
                ('/a/b', '..', '/a'),
                ('/a', '..', '/'),
                ('/a', '.', '/a'),
                ('/a', '/', '/'),
                ('/a', '/b/', '/b'),
                ('/a', '//b', '/b'),
                ('/a', '/b/../c/.', '/c'),
                ('/a', 'b/c', '/a/b/c')):
            self.assertEqual(
                expected, paths.follow(base, target), (base, target))

    def test_nothing(self):
        """A link needs a target."""
        for target in ('', ' ', None, 3, ['/a']):
            with self.subTest(target=target):
                with self.assertRaises(PathError) as caught:
                    paths.follow('/a', target)
                self.assertEqual(
                    f'bad path {target!r}: a link needs a target path',
                    str(caught.exception))

    def test_above_the_root(self):
        """A link must not lead above the root."""
        for base, target in (
                ('/', '..'), ('/a', '../..'), ('/a/b', '/../c'),
                ('/a/b', '../../../a/b')):
            with self.assertRaises(PathError) as caught:
                paths.follow(base, target)
            self.assertEqual(
                f'bad path {target!r}: it leads above the root from {base}',
                str(caught.exception))

    def test_bad_characters(self):
        """A link's target is checked like any path."""
        with self.assertRaisesRegex(PathError, 'is not allowed'):
            paths.follow('/a', 'b\nc')

    @settings(deadline=None)
    @given(PATHS, PATHS)
    def test_absolute(self, base, target):
        """An absolute path is where it leads to."""
        self.assertEqual(target, paths.follow(base, target))

    @settings(deadline=None)
    @given(PATHS, st.lists(NAMES, min_size=1, max_size=4), st.data())
    def test_detours(self, base, names, data):
        """Going down and up again, and staying, change nothing."""
        detours = data.draw(st.lists(
            st.sampled_from(['.', 'x/..', 'x/./y/../..']),
            min_size=len(names), max_size=len(names)))
        target = '/'.join(
            f'{detour}/{name}'
            for detour, name in zip(
                detours, names, strict=True))
        expected = base
        for name in names:
            expected = paths.join(expected, name)
        self.assertEqual(expected, paths.follow(base, target))

    def test_named(self):
        """An error gets to name a path, and keeps its cause."""
        cause = NoNodeError()
        error = paths.named(cause, '/a')
        self.assertIs(NoNodeError, type(error))
        self.assertEqual('/a', str(error))
        self.assertIs(cause, error.__cause__)

    @settings(deadline=None)
    @given(PATHS)
    def test_up(self, base):
        """As many steps up as the path has names lead to the root."""
        names = paths.parts(base)
        up = '/'.join(['..'] * len(names)) or '.'
        self.assertEqual('/', paths.follow(base, up))
        with self.assertRaises(PathError):
            paths.follow(base, up + '/../..' if names else '..')
