"""The raw requests that the tests and the fuzzer send to both engines."""
from __future__ import annotations

from typing import Any


GET = b'GET / HTTP/1.1\r\nHost: x\r\n'
POST = b'POST / HTTP/1.1\r\nHost: x\r\n'
CHUNKED = POST + b'Transfer-Encoding: chunked\r\n\r\n'

#: What is sent, and the statuses expected: on both engines, or first from
#: zope.server and then from waitress.  Where they differ, README.rst says
#: so.  The whole must be answered, and the connection closed by the
#: server unless the last status is below 300.
TABLE: list[tuple[str, bytes, Any]] = [
    ('plain', b'GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n', [200]),
    ('no host', b'GET / HTTP/1.1\r\n\r\n', [200]),
    ('1.0', b'GET / HTTP/1.0\r\n\r\n', [200]),
    ('absolute target', b'GET http://x/y HTTP/1.1\r\nHost: x\r\n\r\n', [200]),
    ('asterisk', b'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', [200]),
    ('empty line first', b'\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n', [200]),
    ('folded field', GET + b'A: b\r\n c\r\n\r\n', [200]),
    ('body', POST + b'Content-Length: 3\r\n\r\nabc', [200]),
    ('chunked', CHUNKED + b'3\r\nabc\r\n0\r\n\r\n', [200]),
    ('chunk extension', CHUNKED + b'3;a=b\r\nabc\r\n0\r\n\r\n', [200]),
    ('trailer', CHUNKED + b'3\r\nabc\r\n0\r\nA: b\r\n\r\n', [200]),
    ('two at once',
     GET + b'\r\n' + GET + b'\r\n',
     [200, 200]),
    ('body, then another',
     POST + b'Content-Length: 3\r\n\r\nabc' + GET + b'\r\n',
     [200, 200]),
    ('continue',
     POST + b'Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
     [200]),

    ('garbage', b'\x00\x01\x02garbage\r\n\r\n', [400]),
    ('one word', b'garbage\r\n\r\n', [400]),
    ('lower case', b'get / HTTP/1.1\r\nHost: x\r\n\r\n', [400]),
    ('two blanks', b'GET  / HTTP/1.1\r\nHost: x\r\n\r\n', [400]),
    ('no version', b'GET /\r\n\r\n', ([400], [200])),
    ('version 2', b'GET / HTTP/2.0\r\n\r\n', ([505], [200])),
    ('no target', b'GET x HTTP/1.1\r\nHost: x\r\n\r\n', ([400], [200])),
    ('bare LF', b'GET / HTTP/1.1\nHost: x\n\n', ([400], None)),
    ('bare LF in a field', GET + b'A: b\nC: d\r\n\r\n', [400]),
    ('bare CR in a field', GET + b'A: b\rC: d\r\n\r\n', [400]),
    ('no colon', b'GET / HTTP/1.1\r\nHost\r\n\r\n', [400]),
    ('blank before colon', b'GET / HTTP/1.1\r\nHost : x\r\n\r\n', [400]),
    ('no field name', GET + b': x\r\n\r\n', [400]),
    ('fold first', b'GET / HTTP/1.1\r\n A: b\r\nHost: x\r\n\r\n', [400]),
    ('NUL in a field', GET + b'A: b\x00\r\n\r\n', [400]),
    ('two hosts', GET + b'Host: y\r\n\r\n', ([400], [200])),
    ('bad length', POST + b'Content-Length: x\r\n\r\n', [400]),
    ('signed length', POST + b'Content-Length: +3\r\n\r\nabc', [400]),
    ('negative length', POST + b'Content-Length: -3\r\n\r\nabc', [400]),
    ('empty length', POST + b'Content-Length:\r\n\r\n', [400]),
    ('length twice',
     POST + b'Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc',
     [400]),
    ('lengths differ',
     POST + b'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
     [400]),
    ('length list', POST + b'Content-Length: 3, 3\r\n\r\nabc', [400]),
    ('length and chunked',
     POST + b'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'
     b'3\r\nabc\r\n0\r\n\r\n',
     ([400], [200])),
    ('chunked in 1.0',
     b'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'
     b'3\r\nabc\r\n0\r\n\r\n',
     ([400], [200])),
    ('other coding', POST + b'Transfer-Encoding: gzip\r\n\r\n', [501]),
    ('two codings', POST + b'Transfer-Encoding: gzip, chunked\r\n\r\n', [501]),
    ('bad chunk size', CHUNKED + b'x\r\n', [400]),
    ('signed chunk size', CHUNKED + b'+3\r\nabc\r\n0\r\n\r\n', [400]),
    ('chunk too long', CHUNKED + b'3\r\nabcd\r\n0\r\n\r\n', [400]),
    ('bare LF in chunks', CHUNKED + b'3\nabc\n0\n\n', ([400], None)),
    ('good, then bad', GET + b'\r\ngarbage\r\n\r\n', [200, 400]),
    ('bad, then good',
     b'garbage\r\n\r\n' + GET + b'\r\n',
     [400]),
    ('large header', GET + b'A: ' + b'x' * 3000 + b'\r\n\r\n', ([400], [431])),
    ('header without end', GET + b'A: ' + b'x' * 3000, ([400], [431])),
    ('large body', POST + b'Content-Length: 5000\r\n\r\n', [413]),
    ('large chunk', CHUNKED + b'1388\r\n' + b'x' * 5000, [413]),
]
