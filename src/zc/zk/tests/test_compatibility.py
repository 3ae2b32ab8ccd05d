"""What zc.zk 2.1 left in ZooKeeper is read, and left as it was."""
import json

import zc.zk
from zc.zk.tests.base import ZooKeeperCase


def dumps(properties):
    """Return properties as zc.zk 2.1 writes them."""
    return json.dumps(properties, separators=(',', ':')).encode('ascii')


#: Node data as zc.zk 2.1, its users and other clients leave them.
NODES = {
    '/': b'',
    '/cms': dumps({'type': 'z4m cms', 'threads': 3}),
    '/cms/databases': b'{}',
    '/cms/databases/main': b'{}',
    '/cms/providers': b'',
    '/cms/providers/1.2.3.4:8080': dumps({'pid': 42}),
    '/retail': dumps({
        'type': 'z4m retail', 'threads': 1, 'ratio': 0.5, 'on': True,
        'none': None, 'names': ['a', '\xe9'], 'nested': {'b': [1, {}]},
        'threads_max =>': '/cms threads', 'favorite =>': '../cms type',
        'bad =>': 'one two three'}),
    '/retail/databases': dumps({'main ->': '/cms/databases/main',
                                'other ->': '../../cms/databases'}),
    '/retail/hand': b'\n{ "written": "by hand" }\n',
    '/retail/null': None,
    '/retail/space': b' \n',
    '/retail/text': 'just text, caf\xe9'.encode(),
    '/retail/list': b'[1, 2]',
    '/retail/broken': b'{"a": 1',
    '/retail/not json': b'{a: 1}',
    '/retail/big': dumps({'number': 12345678901234567890, 'float': 1e300}),
}

EXPORT = r"""
/cms : z4m cms
  threads = 3
  /databases
    /main
  /providers
    /1.2.3.4:8080
      pid = 42
/retail : z4m retail
  'bad =>' = 'one two three'
  names = ['a', 'é']
  nested = {'b': [1, {}]}
  none = None
  on = True
  ratio = 0.5
  threads = 1
  favorite => ../cms type
  threads_max => /cms threads
  /big
    float = 1e+300
    number = 12345678901234567890
  /broken
    string_value = '{"a": 1'
  /databases
    main -> /cms/databases/main
    other -> ../../cms/databases
  /hand
    written = 'by hand'
  /list
    string_value = '[1, 2]'
  /'not json'
    string_value = '{a: 1}'
  /null
  /space
    string_value = ' \n'
  /text
    string_value = 'just text, café'
""".lstrip()


class Interop(ZooKeeperCase):

    tree = '\n'

    def setUp(self):
        super().setUp()
        self.client = self.zk()
        # By kazoo itself, as in another process.
        for path, data in NODES.items():
            if path == '/':
                self.client.client.set(path, data)
            else:
                self.client.client.create(path, data)

    def stats(self):
        return {path: self.client.exists(path) for path in NODES}

    def test_properties(self):
        """Each form of data reads as it did."""
        for path, properties in (
                ('/cms', {'type': 'z4m cms', 'threads': 3}),
                ('/cms/databases', {}),
                ('/cms/providers', {}),
                ('/retail/hand', {'written': 'by hand'}),
                ('/retail/null', {}),
                ('/retail/space', {'string_value': ' \n'}),
                ('/retail/text', {'string_value': 'just text, caf\xe9'}),
                ('/retail/list', {'string_value': '[1, 2]'}),
                ('/retail/broken', {'string_value': '{"a": 1'}),
                ('/retail/not json', {'string_value': '{a: 1}'})):
            with self.subTest(path):
                self.assertEqual(
                    properties, self.client.get_properties(path))
                self.assertEqual(
                    properties, dict(self.client.properties(path)))

    def test_links(self):
        """Links of both kinds lead where they did."""
        self.assertEqual('/cms/databases/main',
                         self.client.resolve('/retail/databases/main'))
        self.assertEqual('/cms/databases/main',
                         self.client.resolve('/retail/databases/other/main'))
        properties = self.client.properties('/retail')
        self.assertEqual(3, properties['threads_max'])
        with self.assertRaises(zc.zk.BadPropertyLink):
            properties['bad']

    def test_export(self):
        """The tree exports with all that is in it."""
        self.maxDiff = None
        self.assertEqual(EXPORT, self.client.export_tree())

    def test_import_again(self):
        """Its export, imported again, changes nothing at all."""
        before = self.stats()
        self.client.import_tree(self.client.export_tree())
        self.assertEqual(before, self.stats())

    def test_copy(self):
        """Imported elsewhere, it is the same."""
        self.client.create('/copy')
        text = self.client.export_tree()
        with self.assertRaises(zc.zk.BadPropertyLink):
            self.client.import_tree(text, '/copy')
        # What can be no link may stay where it is, but is not written anew.
        self.client.set('/retail', dumps({
            name: value for name, value
            in self.client.get_properties('/retail').items()
            if name != 'bad =>'}))
        self.client.delete_recursive('/copy')
        text = self.client.export_tree()
        self.client.create('/copy')
        self.client.import_tree(text, '/copy')
        self.assertEqual(
            text, self.zk(self.connection_string + '/copy').export_tree())
        for path in NODES:
            if path != '/':
                self.assertEqual(self.client.get_properties(path),
                                 self.client.get_properties('/copy' + path))

    def test_written(self):
        """What is written is what zc.zk 2.1 would have written."""
        properties = self.client.properties('/cms')
        properties.update(threads=4, name='caf\xe9')
        self.assertEqual(
            b'{"type":"z4m cms","threads":4,"name":"caf\\u00e9"}',
            self.client.get('/cms')[0])
        properties.set()
        self.assertEqual(b'{}', self.client.get('/cms')[0])
        self.client.ln('/retail', '/cms/shop')
        self.assertEqual(b'{"shop ->":"/retail"}', self.client.get('/cms')[0])
        properties.set(string_value='text')
        self.assertEqual(b'text', self.client.get('/cms')[0])

    def test_untouched(self):
        """Text that is read and written back is the same text."""
        for path in '/retail/text', '/retail/list', '/retail/not json':
            data = self.client.get(path)[0]
            self.client.properties(path).update()
            self.assertEqual(data, self.client.get(path)[0])
