"""Templates: what they print, and what they may not do."""
import pathlib
import tempfile
import unittest
import unittest.mock

from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from zc.zk._rendering import templates
from zc.zk._rendering.templates import Template
from zc.zk._rendering.unrendered import Unrendered


HOSTILE = 'a"\n}; rm\\ $x'


def lost():
    raise ConnectionLoss()


def missing(path):
    raise NoNodeError(path)


def forbidden(path):
    raise NoAuthError(path)


class Renders(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name).resolve()
        self.warnings = []

    def template(self, text, name='t.j2', **values):
        path = self.directory / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Template(
            str(path), {'lost': lost, 'missing': missing,
                        'forbidden': forbidden},
            {'hostile': HOSTILE, **values}, self.warnings.append)

    def renders(self, text, **values):
        return self.template(text, **values).render()

    def fails(self, text, message, passing=True, **values):
        with self.assertRaises(Unrendered) as caught:
            self.renders(text, **values)
        self.assertEqual(f'{self.directory}/{message}',
                         str(caught.exception))
        self.assertEqual(passing, caught.exception.passing)

    def test_text(self):
        """What is the template's own is printed as it is."""
        self.assertEqual('a "b" {1}; $c <d>\n1 2.5 True x-1\n', self.renders(
            'a "b" {1}; $c <d>\n'
            '{{ 1 }} {{ 2.5 }} {{ true }} {{ "x-1" }}\n'))
        self.assertEqual([], self.warnings)

    def test_harmless(self):
        """What comes from the tree ends no string, line or block, and a
        warning says so.
        """
        made = f'{self.directory}/t.j2: characters were taken out of '
        for text in ('{{ hostile }}', '{{ hostile | e }}',
                     '{% for each in [hostile] %}{{ each }}{% endfor %}',
                     '{% set x = hostile %}{{ x }}',
                     '{% set x %}{{ hostile }}{% endset %}{{ x }}',
                     '{% macro m(x) %}{{ x }}{% endmacro %}{{ m(hostile) }}',
                     '{{ [hostile] | join(",") }}', '{{ "%s" % hostile }}',
                     '{{ hostile ~ "" }}'):
            with self.subTest(text):
                self.warnings.clear()
                self.assertEqual('a____ rm_ _x', self.renders(text))
                self.assertEqual([made], [
                    each[:len(made)] for each in self.warnings])
                self.assertTrue(self.warnings[0].isprintable())

    def test_filters(self):
        """Filters for strings of JSON and of configurations, and names."""
        self.assertEqual(
            '"a\\"\\n}; rm\\\\ $x" "a\\"_}; rm\\\\ _x" a_____rm___x',
            self.renders('{{ hostile | tojson }} {{ hostile | quoted }} '
                         '{{ hostile | identifier }}'))
        self.assertEqual([], self.warnings)

    def test_parts(self):
        """A template may include others of its directory."""
        (self.directory / 'part.j2').write_text('<{{ hostile }}>')
        self.assertEqual('<a____ rm_ _x>', self.renders(
            "{% include 'part.j2' %}"))
        self.fails("\n{% include '../part.j2' %}", 't.j2:2: ../part.j2')

    def test_faults(self):
        """An error names file and line."""
        (self.directory / 'part.j2').write_text('\n\n{{ absent }}')
        for text, message, passing in (
                ('a\n{% if %}', "t.j2:2: Expected an expression, got 'end of "
                 "statement block'", False),
                ('a\n{{ x | none }}', "t.j2:2: No filter named 'none'.",
                 False),
                ('a\n\n{{ absent }}', "t.j2:3: 'absent' is undefined", True),
                ("\n{% include 'part.j2' %}",
                 "part.j2:3: 'absent' is undefined", True),
                ('{{ 1 / 0 }}', 't.j2:1: ZeroDivisionError: division by zero',
                 True),
                ("{{ missing('/x') }}", 't.j2:1: there is no node /x', True),
                ("{{ forbidden('/x') }}", 't.j2:1: no permission at /x',
                 True)):
            with self.subTest(text):
                self.fails(text, message, passing)
        self.fails(b'\xff', 't.j2: not UTF-8 text (byte 0)', False)
        with self.assertRaises(FileNotFoundError):
            Template('/none/t.j2', {}, {}, self.warnings.append)

    def test_connection(self):
        """Trouble with the connection is no fault of the template."""
        with self.assertRaises(ConnectionLoss):
            self.renders('{{ lost() }}')

    def test_sandbox(self):
        """A template gets at nothing but what it was given."""
        for text in ("{{ ''.__class__ }}", "{{ ''.__class__.__mro__ }}",
                     '{{ missing.__globals__ }}', '{{ found.append(1) }}',
                     '{{ self.__init__ }}'):
            with self.subTest(text), self.assertRaises(Unrendered):
                self.renders(text, found=[])

    def test_large(self):
        """A text without end is none."""
        with unittest.mock.patch.object(templates, 'LARGEST', 1000):
            self.fails('{% for x in range(2000) %}\nab{% endfor %}',
                       't.j2: the text has over 1,000 characters')
