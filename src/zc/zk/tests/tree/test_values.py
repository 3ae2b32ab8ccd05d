import json
import sys
import unittest

from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from zc.zk._tree import values as _encoding
from zc.zk._tree.model import Node
from zc.zk._tree.parser import parse_tree
from zc.zk._tree.values import decode
from zc.zk._tree.values import encode
from zc.zk._tree.writer import tree_lines
from zc.zk.errors import DataError
from zc.zk.errors import ValueNotStorable


TEXTS = st.text(st.characters())            # lone surrogates included
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10)
PROPERTIES = st.dictionaries(
    TEXTS | st.sampled_from(['string_value', 'a ->', 'a =>']), VALUES,
    max_size=5)
SPACES = st.text(st.sampled_from(' \t\r\n'), max_size=3)


def nested(levels):
    """Return a value with as many levels of lists."""
    value = 1
    for _ in range(levels):
        value = [value]
    return value


class RoundTrip(unittest.TestCase):

    @settings(deadline=None)    # the machine may be busy
    @given(PROPERTIES)
    @example({'string_value': ''})
    @example({'string_value': ' \n'})
    @example({'string_value': '{}'})
    @example({'string_value': ' {"a": 1} '})
    @example({'string_value': '{no json}'})
    @example({'string_value': '{'})
    @example({'string_value': '[1]'})
    @example({'string_value': '"text"'})
    @example({'string_value': 'null'})
    @example({'string_value': '{"a": NaN}'})
    @example({'string_value': '\ud800'})
    @example({'string_value': '\ufeff{}'})
    @example({'string_value': '\xa0'})
    @example({'string_value': '{"a":' + '[' * 200 + ']' * 200 + '}'})
    @example({'string_value': '{"a":' + '[' * 99999 + '}'})
    @example({'string_value': 1})
    @example({'string_value': None})
    @example({'string_value': {'string_value': 'x'}})
    @example({'string_value': 'x', 'a': 1})
    def test_properties(self, properties):
        """Properties are read as they were written."""
        self.assertEqual(properties, decode(encode(properties)))

    @settings(deadline=None)
    @given(st.text(st.characters(exclude_categories=['Cs'])))
    @example('{"a": 1}')
    @example('{"a":1}')
    @example('{not: json}')
    @example('{')
    @example(' text\n')
    def test_text(self, text):
        """Data that are no JSON object are written back unchanged."""
        data = text.encode()
        properties = decode(data)
        if properties and list(properties) == ['string_value']:
            if data.strip()[:1] != b'{':
                self.assertEqual(text, properties['string_value'])
                self.assertEqual(data, encode(properties))

    @settings(deadline=None)
    @given(PROPERTIES)
    def test_written_by_2_1(self, properties):
        """What zc.zk 2.1 wrote as JSON reads as what was meant."""
        data = json.dumps(properties, separators=(',', ':')).encode('ascii')
        self.assertEqual(properties, decode(data))

    @settings(deadline=None)
    @given(PROPERTIES, SPACES, SPACES)
    def test_spaces(self, properties, before, after):
        """Blank space around and in JSON does not matter."""
        text = json.dumps(properties, indent=2)
        self.assertEqual(
            properties, decode((before + text + after).encode()))


class Encode(unittest.TestCase):

    def test_format(self):
        """The format is that of zc.zk 2.1: compact JSON in ASCII."""
        for properties, data in (
                ({}, b'{}'),
                ({'a': 1, 'b': [1, 2.5, None, True, {'c': 'd'}]},
                 b'{"a":1,"b":[1,2.5,null,true,{"c":"d"}]}'),
                ({'main ->': '/databases/main'},
                 b'{"main ->":"/databases/main"}'),
                ({'size =>': '/defaults max'}, b'{"size =>":"/defaults max"}'),
                ({'a': '\xe9\U0001f600'}, b'{"a":"\\u00e9\\ud83d\\ude00"}'),
                ({'a': '\ud800'}, b'{"a":"\\ud800"}'),
                ({'string_value': 'just text'}, b'just text'),
                ({'string_value': '\xe9'}, b'\xc3\xa9'),
                ({'string_value': '\n'}, b'\n'),
                ({'string_value': ' {"a": '}, b' {"a": '),
                ({'string_value': 'x', 'a': 1},
                 b'{"string_value":"x","a":1}')):
            with self.subTest(properties=properties):
                self.assertEqual(data, encode(properties))

    def test_string_value_as_json(self):
        """Text that would read as something else is kept in JSON."""
        for text in ('', '{}', '{"a":1}', '\ud800'):
            with self.subTest(text=text):
                self.assertEqual(
                    json.dumps({'string_value': text},
                               separators=(',', ':')).encode(),
                    encode({'string_value': text}))

    def test_order(self):
        """Properties keep their order."""
        self.assertEqual(b'{"b":1,"a":2}', encode({'b': 1, 'a': 2}))

    def test_tuple(self):
        """A tuple is stored as a list."""
        self.assertEqual({'a': [1, [2]]}, decode(encode({'a': (1, (2,))})))

    def test_not_storable(self):
        """What JSON cannot hold is refused, with path, name and reason."""
        for name, value, reason in (
                (1, 'x', 'a name must be a str'),
                (None, 'x', 'a name must be a str'),
                (b'a', 'x', 'a name must be a str'),
                ('a', b'x', 'JSON cannot hold a bytes'),
                ('a', {1}, 'JSON cannot hold a set'),
                ('a', object, 'JSON cannot hold a type'),
                ('a', 1j, 'JSON cannot hold a complex'),
                ('a', [0, {'b': (b'x',)}], 'JSON cannot hold a bytes'),
                ('a', float('nan'), 'JSON has no nan'),
                ('a', float('inf'), 'JSON has no inf'),
                ('a', [float('-inf')], 'JSON has no -inf'),
                ('a', {'b': {1: 2}}, 'a key must be a str, not 1'),
                ('a', {None: 2}, 'a key must be a str, not None'),
                ('a', nested(101), 'nested deeper than 100 levels'),
                ('a', 10 ** 4999, 'a number of too many digits')):
            with self.subTest(name=name, value=str(type(value))):
                with self.assertRaises(ValueNotStorable) as caught:
                    encode({'good': 1, name: value}, '/path')
                error = caught.exception
                self.assertEqual(
                    f'property {name!r} of /path: {reason}', str(error))

    def test_circle(self):
        """A list that holds itself is refused."""
        circle = []
        circle.append(circle)
        with self.assertRaisesRegex(ValueNotStorable, 'nested deeper'):
            encode({'a': circle})

    def test_deepest(self):
        """A hundred levels are storable."""
        self.assertEqual({'a': nested(100)}, decode(encode(
            {'a': nested(100)})))

    def test_large_number(self):
        """A number of a thousand digits is storable."""
        properties = {'a': 10 ** 999, 'b': -10 ** 999}
        self.assertEqual(properties, decode(encode(properties)))

    def test_to_bytes(self):
        """Text is sent as UTF-8, bytes as they are."""
        self.assertEqual(b'\xc3\xa9', _encoding.to_bytes('\xe9'))
        self.assertEqual(b'\xff', _encoding.to_bytes(b'\xff'))


class LongNumbers(unittest.TestCase):

    def test_round_trip(self):
        """A number that can be stored can be exported and imported."""
        for digits in 4200, 4215, 4250, 4299, 4300:
            for number in 10 ** (digits - 1), 1 - 10 ** digits:
                with self.subTest(digits=digits):
                    properties = {'a': number, 'b': [number]}
                    self.assertEqual(
                        properties, decode(encode(properties)))
                    node = Node('', None, x=Node('', properties))
                    text = '\n'.join(tree_lines(node))
                    self.assertEqual(node, parse_tree(text))
                    self.assertEqual(
                        encode(properties), encode(
                            parse_tree(text).children['x'].properties))

    def test_too_long(self):
        """One more digit is refused, whatever holds it."""
        number = 10 ** 4300
        for value in number, -number, [number], {'a': number}:
            with self.assertRaisesRegex(
                    ValueNotStorable, 'a number of too many digits'):
                encode({'a': value})
        with self.assertRaisesRegex(
                ValueNotStorable, 'a key must be a str, not a long int'):
            encode({'a': {10 ** 5000: 1}})


class Decode(unittest.TestCase):

    def test_format(self):
        """Each form of data of zc.zk 2.1 is read."""
        for data, properties in (
                (None, {}),
                (b'', {}),
                (b' \t\r\n', {'string_value': ' \t\r\n'}),
                (b'{}', {}),
                (b' { } ', {}),
                (b'{"a":1,"b ->":"/c","d =>":"e f"}',
                 {'a': 1, 'b ->': '/c', 'd =>': 'e f'}),
                (b'\n{"a": [1.5, null, true]}\n', {'a': [1.5, None, True]}),
                (b'{"a":1,"a":2}', {'a': 2}),
                (b'{"":""}', {'': ''}),
                (b'{"a":"\\ud800"}', {'a': '\ud800'}),
                (b'{"a":"\xc3\xa9"}', {'a': '\xe9'}),
                (b'{"a":NaN}', None),
                (b'text', {'string_value': 'text'}),
                (b' text\n', {'string_value': ' text\n'}),
                (b'\xc3\xa9', {'string_value': '\xe9'}),
                (b'{', {'string_value': '{'}),
                (b'{a: 1}', {'string_value': '{a: 1}'}),
                (b"{'a': 1}", {'string_value': "{'a': 1}"}),
                (b'{"a":1}}', {'string_value': '{"a":1}}'}),
                (b'{"a":1} x', {'string_value': '{"a":1} x'}),
                (b'{"a":1}{"b":1}', {'string_value': '{"a":1}{"b":1}'}),
                (b'[1]', {'string_value': '[1]'}),
                (b'1', {'string_value': '1'}),
                (b'"x"', {'string_value': '"x"'}),
                (b'null', {'string_value': 'null'}),
                (b'\xef\xbb\xbf{}', {'string_value': '\ufeff{}'}),
                (b'\0', {'string_value': '\0'})):
            with self.subTest(data=data):
                found = decode(data)
                if properties is None:      # nan is equal to nothing
                    self.assertEqual('nan', repr(found['a']))
                else:
                    self.assertEqual(properties, found)

    def test_not_utf_8(self):
        """Data that are not UTF-8 are refused: they would get lost."""
        for data, byte in ((b'\xff', 0), (b'{"a":"\xe9"}', 6),
                           (b'ab\x80', 2), (b'\xed\xa0\x80', 0)):
            with self.subTest(data=data):
                with self.assertRaises(DataError) as caught:
                    decode(data, '/path')
                self.assertEqual(
                    f'data of /path: not UTF-8 text (byte {byte} of '
                    f'{len(data)})', str(caught.exception))

    def test_nested_too_deep(self):
        """Data nested too deep are refused, however deep they are."""
        for levels in (101, 500, 5_000, 300_000):
            for opening, closing in (('[', ']'), ('{"a":', '}')):
                with self.subTest(levels=levels, opening=opening):
                    data = ('{"a":' + opening * levels + '1'
                            + closing * levels + '}').encode()
                    with self.assertRaises(DataError) as caught:
                        decode(data, '/path')
                    self.assertEqual(
                        'data of /path: nested deeper than 100 levels',
                        str(caught.exception))

    def test_brackets_in_text(self):
        """Brackets in a string are not levels."""
        text = '[{' * 1000
        self.assertEqual(
            {'a': text}, decode(json.dumps({'a': text}).encode()))

    def test_broad(self):
        """Many lists beside each other are not deep."""
        value = [[] for _ in range(1000)]
        self.assertEqual({'a': value}, decode(encode({'a': value})))

    def test_open_brackets(self):
        """Brackets that are not closed are no JSON, so they are text."""
        text = '{"a":' + '[' * 50 + '}'
        self.assertEqual({'string_value': text}, decode(text.encode()))

    def test_large_number(self):
        """A number that Python would not read leaves the data text."""
        text = '{"a":' + '1' * (sys.get_int_max_str_digits() + 1) + '}'
        self.assertEqual({'string_value': text}, decode(text.encode()))


class Same(unittest.TestCase):

    def test_what_equality_confuses(self):
        """Values whose JSON text differs are not the same, at any depth."""
        for a, b in ((1, True), (0, False), (1, 1.0), (0.0, -0.0), (0, 0.0),
                     ('1', 1), (None, False), ([], {}), ('', None)):
            for one, two in ((a, b), (b, a)):
                self.assertFalse(_encoding.same(one, two), (one, two))
                for wrap in (lambda x: {'x': x}, lambda x: [0, x],
                             lambda x: {'x': {'y': [x]}}):
                    self.assertFalse(_encoding.same(wrap(one), wrap(two)))

    def test_the_same(self):
        """Order of names and kinds of sequence do not count."""
        for a, b in (({'a': 1, 'b': 2}, {'b': 2, 'a': 1}), ([1], (1,)),
                     (-0.0, -0.0), (0.0, 0.0), ({'x': -0.0}, {'x': -0.0}),
                     (0, 0), ('', ''), (None, None), ({}, {}), ([], ())):
            self.assertTrue(_encoding.same(a, b), (a, b))
