"""Tests of openapi: the description and what it describes."""
from __future__ import annotations

import json

from zc.zk._web import openapi
from zc.zk.tests.web.case import PageCase


class Described(PageCase):

    options = {'allow_changes': True}

    def fits(self, value, schema, where):
        """Check a document against a schema, as far as ours go."""
        if '$ref' in schema:
            schema = openapi.SCHEMAS[schema['$ref'].rpartition('/')[2]]
        if 'enum' in schema:
            self.assertIn(value, schema['enum'], where)
        types = schema.get('type', [])
        types = [types] if isinstance(types, str) else types
        kinds = {'string': str, 'integer': int, 'boolean': bool,
                 'number': (int, float), 'object': dict, 'array': list,
                 'null': type(None)}
        if types:
            self.assertIsInstance(
                value, tuple(kinds[each] if isinstance(kinds[each], type)
                             else float for each in types) + (
                    (int,) if 'number' in types else ()), where)
        if isinstance(value, dict) and 'properties' in schema:
            if not schema.get('additionalProperties'):
                self.assertLessEqual(
                    set(value), set(schema['properties']), where)
            for name, each in value.items():
                self.fits(each, schema['properties'].get(name, {}),
                          f'{where}.{name}')
        if isinstance(value, list):
            for each in value:
                self.fits(each, schema.get('items', {}), f'{where}[]')

    def test_routes(self):
        """Each route of the interface is described, and no other."""
        routes = {route.path for route in self.page._app.routes
                  if route.path.startswith('/api/')}
        described = set(self.get('openapi.json')['paths'])
        self.assertEqual(routes - {'/api/v1/openapi.json'}, described)

    def test_replies(self):
        """What comes is as it is described."""
        self.post('set', {'path': '/site', 'version': 0, 'properties': {}})
        for name, query in (
                ('status', ''), ('services', ''), ('architecture', ''),
                ('node', '?path=/site'), ('node', '?path=/balancer'),
                ('node', '?path=/balancer/pool'), ('node', '?path=/none'),
                ('children', '?path=/'), ('events', ''),
                ('search', '?q=hello'), ('search', '?q=key'),
                ('secret', '?path=/balancer')):
            self.fits(self.get(name + query), openapi.READ[name].reply, name)

    def test_json(self):
        """It is JSON, and says where the page is mounted."""
        found = openapi.description('/here/')
        self.assertEqual([{'url': '/here/'}], found['servers'])
        self.assertEqual(found, json.loads(json.dumps(found)))
