"""The command that tells all about nodes.

Runs in a script's main thread.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kazoo.exceptions import NoAuthError
from kazoo.security import ACL
from kazoo.security import Permissions

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import checked_path
from ..client import ZooKeeper
from .items import session
from .items import when


# Each letter, as zkCli and zookeeper_import write it.
_LETTERS = {'c': Permissions.CREATE, 'd': Permissions.DELETE,
            'r': Permissions.READ, 'w': Permissions.WRITE,
            'a': Permissions.ADMIN}
#: The schemes whose identity holds what must not be shown.
_SECRET = ('digest',)


@command('zczk stat', failed=2)
def stat(call: Call) -> int:
    """Print all that ZooKeeper knows about nodes."""
    parser = call.parser('PATH ...', '''\
Print what ZooKeeper knows about each node PATH, beside its data: times,
versions, sizes, the session it goes with, and who may do what.  PATH may lead
through links.
''', '''\
examples:
  {0} /fooservice
  {0} --json /fooservice/providers/10.0.0.7:8080 | jq .session

exit status: 0 done, 2 failed or wrong usage
''')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each node')
    options = call.parse(parser)
    if not options.arguments:
        parser.error('a PATH is needed')
    paths = [checked_path(path) for path in options.arguments]
    with call.connected(options) as zk:
        for index, path in enumerate(paths):
            found = _facts(zk, zk.resolve(path))
            if options.json:
                output.print_json([found])
                continue
            if index:
                print()
            for name, value in found.items():
                output.show(f'{name + ":":12}{_text(name, value)}')
    return 0


def _facts(zk: ZooKeeper, path: str) -> dict[str, Any]:
    _, stat = zk.get(path)
    facts: dict[str, Any] = {
        'path': path,
        'bytes': stat.dataLength,
        'children': stat.numChildren,
        'created': stat.ctime / 1000,
        'modified': stat.mtime / 1000,
        'version': stat.version,
        'cversion': stat.cversion,
        'aversion': stat.aversion,
        'czxid': stat.czxid,
        'mzxid': stat.mzxid,
        'pzxid': stat.pzxid,
    }
    if stat.ephemeralOwner:
        facts['session'] = session(stat.ephemeralOwner)
    try:
        facts['acl'] = _acl(zk.client.get_acls(path)[0])
    except NoAuthError:
        facts['acl'] = None
    return facts


def letters_of(entry: ACL) -> str:
    """Return what an entry of an ACL permits, a letter for each."""
    return ''.join(letter for letter, bit in _LETTERS.items()
                   if entry.perms & bit)


def who_of(entry: ACL) -> str:
    """Return for whom an entry of an ACL is, without what is secret."""
    who = str(entry.id.id)
    if entry.id.scheme in _SECRET:
        who = who.partition(':')[0] + ':...'
    return who


def _acl(entries: Iterable[ACL]) -> list[str]:
    return [f'{entry.id.scheme}:{who_of(entry)}:{letters_of(entry)}'
            for entry in entries]


def _text(name: str, value: Any) -> str:
    if name in ('created', 'modified'):
        return when(value)
    if name.endswith('zxid'):
        return session(value)
    if name == 'acl':
        return 'may not be read' if value is None else ', '.join(value)
    return str(value)
