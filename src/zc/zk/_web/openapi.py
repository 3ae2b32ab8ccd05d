"""The description of the JSON interface, for programs (OpenAPI 3.1).

Pure.
"""
from __future__ import annotations

import importlib.metadata
from typing import Any
from typing import NamedTuple


Schema = dict[str, Any]

TEXT: Schema = {'type': 'string'}
NUMBER: Schema = {'type': 'integer'}
MOMENT: Schema = {'type': 'string', 'format': 'date-time'}
FLAG: Schema = {'type': 'boolean'}
OBJECT: Schema = {'type': 'object'}
MAYBE: Schema = {'type': ['string', 'null']}


def record(**fields: Schema) -> Schema:
    """Return the schema of an object."""
    return {'type': 'object', 'properties': fields}


def listed(item: Schema) -> Schema:
    """Return the schema of a list."""
    return {'type': 'array', 'items': item}


def ref(name: str) -> Schema:
    """Return a reference to a schema of `SCHEMAS`."""
    return {'$ref': f'#/components/schemas/{name}'}


class Operation(NamedTuple):
    """Something that can be asked for.

    :ivar parameters: the schemas of the parameters by name, or those of the
        parts of the body
    :ivar reply: the schema of what comes back
    """

    says: str
    parameters: dict[str, Schema]
    reply: Schema


SCHEMAS: dict[str, Schema] = {
    'Error': record(error=TEXT),
    'Hidden': {
        'type': 'object', 'properties': {'hidden': {'const': True}},
        'required': ['hidden'], 'additionalProperties': False,
        'description': 'stands for the value of a property whose name says '
        'that it is a secret; /api/v1/secret gives it'},
    'Properties': {
        'type': 'object', 'additionalProperties': True,
        'description': 'values by name; secrets are Hidden'},
    'Provider': record(
        address=TEXT, path=TEXT,
        state={'enum': ['ready', 'draining', 'failing', 'gone']},
        version={}, pid={}, monitor={}, weight={'type': 'number'},
        since=MOMENT, gone={'type': ['string', 'null']},
        properties=ref('Properties'), error=MAYBE),
    'Service': record(
        path=TEXT, type=MAYBE, properties=ref('Properties'),
        providers=listed(ref('Provider')),
        total=NUMBER,
        links=listed(record(name=TEXT, to=TEXT, broken=FLAG)),
        linked_from=listed(record(path=TEXT, name=TEXT))),
    'Event': record(
        id=NUMBER, time=MOMENT, what={'enum': ['came', 'went', 'changed']},
        path=TEXT, text=TEXT, view=TEXT),
    'Node': record(
        path=TEXT, exists=FLAG, readable=FLAG,
        properties=ref('Properties'), error=MAYBE,
        links=listed(record(
            name=TEXT, target=TEXT, steps=listed(TEXT), error=TEXT)),
        property_links=listed(record(
            name=TEXT, target=TEXT, value={}, error=TEXT)),
        raw={'description': 'text, or base64, or Hidden'}, encoding=TEXT,
        acl={'type': ['array', 'null'],
             'items': record(perms=TEXT, scheme=TEXT, id=TEXT)},
        stat={'type': ['object', 'null']}, children=NUMBER, service=FLAG,
        provider=FLAG),
    'Child': record(
        name=TEXT, children=NUMBER, type=MAYBE, ephemeral=FLAG,
        service=FLAG, link=FLAG),
}

#: Where a page of a list begins, and how many items it has at most.
PAGE = {'after': TEXT, 'limit': NUMBER}

READ: dict[str, Operation] = {
    'status': Operation('how current all of it is', {}, record(
        connected=FLAG, ensemble=TEXT, zookeeper=MAYBE, version=TEXT,
        changes=FLAG, as_of=MOMENT, csrf=TEXT, generation=NUMBER,
        event=NUMBER, nodes=NUMBER)),
    'services': Operation('services, by path', PAGE, record(
        generation=NUMBER, event=NUMBER, services=listed(ref('Service')),
        next=MAYBE, total=NUMBER)),
    'architecture': Operation('services and their links', {}, record(
        generation=NUMBER,
        nodes=listed(record(id=TEXT, label=TEXT, type=MAYBE,
                            kind={'enum': ['service', 'missing']},
                            providers=NUMBER)),
        edges=listed({'type': 'object', 'properties': {
            'from': TEXT, 'to': TEXT, 'label': TEXT,
            'kind': {'enum': ['link', 'broken']}}}))),
    'node': Operation('a node', {'path': TEXT}, ref('Node')),
    'children': Operation(
        'the children of a node, by name', {'path': TEXT, **PAGE}, record(
            path=TEXT, exists=FLAG, children=listed(ref('Child')),
            next=MAYBE, total=NUMBER)),
    'events': Operation(
        'what happened, newest first',
        {'before': NUMBER, 'path': TEXT, 'limit': NUMBER}, record(
            events=listed(ref('Event')),
            next={'type': ['integer', 'null']})),
    'search': Operation(
        'nodes whose path or properties have all words of q',
        {'q': TEXT, **PAGE}, record(
            found=listed(record(path=TEXT, name=TEXT, value={})),
            next=MAYBE)),
    'secret': Operation(
        'a hidden value; without a name, all that the node holds',
        {'path': TEXT, 'name': TEXT}, record(value={})),
    'doctor': Operation(
        'what is wrong; probe=1 connects to the servers that are registered',
        {'path': TEXT, 'probe': NUMBER}, record(
            findings=listed(record(level=TEXT, path=TEXT, fault=TEXT,
                                   remedy=TEXT, rule=TEXT)),
            as_of=MOMENT)),
}

CHANGE: dict[str, Operation] = {
    'set': Operation(
        'replace the properties of a node that is at a version; Hidden '
        'values, and links that are not named, stay',
        {'path': TEXT, 'properties': OBJECT, 'version': NUMBER},
        record(path=TEXT, version=NUMBER)),
    'drain': Operation(
        'take requests away from a server, or give them back',
        {'path': TEXT, 'drain': FLAG},
        record(path=TEXT, weight={'type': ['number', 'null']})),
    'weight': Operation(
        'give a server a weight; null: its own',
        {'path': TEXT, 'weight': {'type': ['number', 'null']}},
        record(path=TEXT, weight={'type': ['number', 'null']})),
    'link': Operation(
        'make a symbolic link of a node; a target of null removes it',
        {'path': TEXT, 'name': TEXT, 'target': MAYBE},
        record(path=TEXT, name=TEXT, target=MAYBE)),
    'plan': Operation(
        'what an import of a text would do',
        {'path': TEXT, 'text': TEXT, 'trim': FLAG}, record(
            diff=listed(TEXT), plan=OBJECT, changes=NUMBER,
            notes=listed(TEXT))),
    'apply': Operation(
        'do what was planned, unless a node has changed since',
        {'plan': OBJECT}, record(applied=NUMBER)),
}


def description(root: str) -> dict[str, Any]:
    """Return the description.

    :param root: where the application is mounted
    """
    paths: dict[str, Any] = {}
    for name, operation in READ.items():
        paths[f'/api/v1/{name}'] = {'get': {
            'operationId': name, 'summary': operation.says,
            'parameters': [
                {'name': each, 'in': 'query', 'schema': schema}
                for each, schema in operation.parameters.items()],
            'responses': _responses(operation.reply)}}
    for name, operation in CHANGE.items():
        paths[f'/api/v1/{name}'] = {'post': {
            'operationId': name, 'summary': operation.says,
            'parameters': [{
                'name': 'X-CSRF-Token', 'in': 'header', 'required': True,
                'schema': TEXT, 'description': 'the csrf of the status'}],
            'requestBody': {'required': True, 'content': _json(
                record(**operation.parameters))},
            'responses': {**_responses(operation.reply), '409': {
                'description': 'somebody else was quicker',
                'content': _json(record(
                    error=TEXT, yours=OBJECT, theirs=OBJECT,
                    version=NUMBER))}}}}
    paths['/api/v1/stream'] = {'get': {
        'operationId': 'stream',
        'summary': 'what happens, as server-sent events: status, changes, '
        'service, reload',
        'parameters': [{'name': 'since', 'in': 'query', 'schema': NUMBER,
                        'description': 'the id of the last known event'}],
        'responses': {'200': {'description': 'a stream without an end',
                              'content': {'text/event-stream': {}}}}}}
    return {
        'openapi': '3.1.0',
        'info': {'title': 'zczk web', 'version': importlib.metadata.version(
            'zc.zk')},
        'servers': [{'url': root}],
        'paths': paths,
        'components': {'schemas': SCHEMAS}}


def _responses(reply: Schema) -> dict[str, Any]:
    return {'200': {'description': 'done', 'content': _json(reply)},
            'default': {'description': 'why not',
                        'content': _json(ref('Error'))}}


def _json(schema: Schema) -> dict[str, Any]:
    return {'application/json': {'schema': schema}}
