"""The requests that are made of both servers, at random."""
from __future__ import annotations

from hypothesis import strategies as st

from ..testing.protocol import multi
from ..testing.protocol import records
from ..testing.protocol.codes import OpCode
from ..testing.protocol.records import ACL
from ..testing.state import acls as _acls


CLIENTS = 3

OPEN = [ACL(31, 'world', 'anyone')]
USER = ACL(31, 'digest', _acls.digest(b'user:secret').id)
#: Who connects from here.
LOCAL = ACL(31, 'ip', '127.0.0.1')

#: What is below the node where a test takes place.
INSIDE = ('/a', '/b', '/a/x', '/a/y', '/a/x/k', '/a/x/k/z', '/b/x')
#: Which of them there are at the start.
MADE = ('/a', '/b', '/a/x', '/a/x/k')
#: What is no path, or one that may not be a node's.
BAD = ('/a/', '/a//x', '/a/./x', '/a/..', '/.', '/a/.x', '/a/..x', '/a/x\0',
       '/a/\x01', '/a/\x9f', '/a/\xa0', '/a/\ue000', '/a/\ufff0', '/a/é',
       '/nowhere/x')
#: What is told as it is, without that node before it.
RAW = ('', '/', 'a', 'a/b', '//', '/zookeeper', '/zookeeper/config')

#: Watches and what they see must meet: some paths come more often.
inside = st.sampled_from(INSIDE + INSIDE[:1] * 3 + INSIDE[2:3] * 3)
paths = st.one_of(*[inside] * 8, st.sampled_from(BAD))
clients = st.integers(0, CLIENTS - 1)
data = st.sampled_from((b'', b'x', b'two', None))
versions = st.sampled_from((-1, -1, -1, 0, 0, 1, 2, -2))
flags = st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 5, 6, 7, -1))
strict_acls = st.sampled_from((
    [USER], [USER, ACL(1, 'world', 'anyone')],
    [ACL(1, 'world', 'anyone')], [ACL(30, 'world', 'anyone')],
    [ACL(16, 'world', 'anyone')], [ACL(21, 'world', 'anyone'), USER]))
acls = st.one_of(*[st.just(OPEN)] * 5, strict_acls, st.sampled_from((
    None, [], [USER], [USER, ACL(1, 'world', 'anyone')], [LOCAL],
    [ACL(1, 'world', 'anyone')], [ACL(4, 'world', 'anyone'), USER],
    [ACL(8, 'world', 'anyone'), LOCAL], [ACL(16, 'world', 'anyone')],
    [ACL(0, 'world', 'anyone')], [ACL(31, 'auth', '')], OPEN * 2,
    [ACL(31, 'world', 'me')], [ACL(31, 'ip', '10.0.0.0/8')],
    [ACL(31, 'ip', '127.0.0.0/8'), ACL(2, 'world', 'anyone')],
    [ACL(31, 'ip', '127.0.0.1/33')], [ACL(31, 'ip', '1.2.3')],
    [ACL(31, 'digest', 'user')], [ACL(31, 'digest', 'a:b:c')],
    [ACL(31, 'digest', ':x:')], [ACL(31, 'sasl', 'user')],
    [ACL(31, None, 'x')], [ACL(31, 'digest', None)],
)))

creates = st.builds(
    multi.Op, st.sampled_from((OpCode.CREATE, OpCode.CREATE2)),
    st.builds(records.CreateRequest, paths, data, acls, flags))
deletes = st.builds(
    multi.Op, st.just(OpCode.DELETE),
    st.builds(records.VersionRequest, paths, versions))
sets = st.builds(
    multi.Op, st.just(OpCode.SET_DATA),
    st.builds(records.SetDataRequest, paths, data, versions))
checks = st.builds(
    multi.Op, st.just(OpCode.CHECK),
    st.builds(records.VersionRequest, paths, versions))
# One in four is quiet: transactions that succeed are the interesting ones.
plain = st.builds(
    multi.Op, st.just(OpCode.CREATE), st.builds(
        records.CreateRequest, inside, data, st.just(OPEN),
        st.sampled_from((0, 0, 1, 2))))
writes = st.lists(st.one_of(
    plain, plain, creates, deletes, sets, checks), max_size=4)
reads = st.lists(st.builds(
    multi.Op, st.sampled_from((OpCode.GET_DATA, OpCode.GET_CHILDREN)),
    st.builds(records.WatchedRequest, paths, st.booleans())), max_size=4)
few_paths = st.lists(inside, max_size=3)

#: Requests of which some answers are of interest, but not often.
_SPECIAL = (
    (OpCode.WHO_AM_I, b''),
    (OpCode.CREATE, records.CreateRequest(
        '/a/\N{GRINNING FACE}', b'', OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('/', b'', OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('', b'', OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('a', b'', OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('a/b', b'', OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest('//', b'', OPEN, 0)),
    (OpCode.CREATE, records.CreateRequest(None, b'', OPEN, 0)),
    (OpCode.DELETE, records.VersionRequest('/', -1)),
    (OpCode.DELETE, records.VersionRequest('', -1)),
    (OpCode.DELETE, records.VersionRequest('//', -1)),
    (OpCode.DELETE, records.VersionRequest('a', -1)),
    (OpCode.DELETE, records.VersionRequest(None, -1)),
    (OpCode.DELETE, records.VersionRequest('/zookeeper', -1)),
    (OpCode.SET_DATA, records.SetDataRequest('', b'', -1)),
    (OpCode.SET_DATA, records.SetDataRequest('a', b'', -1)),
    (OpCode.SET_DATA, records.SetDataRequest(None, b'', -1)),
    (OpCode.SET_DATA, records.SetDataRequest('/zookeeper/config', b'', -1)),
    (OpCode.SET_ACL, records.SetACLRequest('', OPEN, -1)),
    (OpCode.SET_ACL, records.SetACLRequest('/zookeeper/config', OPEN, -1)),
    (OpCode.GET_ACL, records.PathRequest('/zookeeper/config')),
    (OpCode.GET_ACL, records.PathRequest(None)),
    (OpCode.SYNC, records.PathRequest(None)),
    (OpCode.GET_ALL_CHILDREN_NUMBER, records.PathRequest(None)),
    (OpCode.EXISTS, records.WatchedRequest('a', False)),
    (OpCode.EXISTS, records.WatchedRequest(None, True)),
    (OpCode.GET_DATA, records.WatchedRequest('//', True)),
    (OpCode.GET_DATA, records.WatchedRequest(None, True)),
    (OpCode.GET_CHILDREN, records.WatchedRequest('/zookeeper', False)),
    # No operation has these numbers.
    *((type, b'') for type in (0, 10, 99, -2)),
)
#: No record is as short, so nothing of these is done.
rubbish = st.tuples(st.sampled_from((
    OpCode.CREATE, OpCode.DELETE, OpCode.EXISTS, OpCode.GET_DATA,
    OpCode.SET_DATA, OpCode.GET_ACL, OpCode.SET_ACL, OpCode.MULTI,
    OpCode.MULTI_READ, OpCode.SET_WATCHES, OpCode.ADD_WATCH,
)), st.binary(max_size=9).map(lambda rest: b'\0\0\0\x7f' + rest))
mixed = st.tuples(
    st.sampled_from((OpCode.MULTI, OpCode.MULTI_READ)),
    st.builds(lambda some, others: [*some[:1], *others], reads, writes))
odd_requests = st.one_of(st.sampled_from(_SPECIAL), rubbish, mixed)
