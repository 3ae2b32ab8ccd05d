"""The command that lists the nodes below a node.

Runs in a script's main thread.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from kazoo.exceptions import NoAuthError

from .._commands import output
from .._commands.call import Call
from .._commands.command import command
from .._commands.options import take_path
from .._session.requests import Bulk
from .._transfer.present import answered
from .._tree import paths
from .._tree.model import LINK
from .items import Item
from .items import when


@command('zczk ls', failed=2)
def ls(call: Call) -> int:
    """List the nodes below a node."""
    parser = call.parser('[PATH]', '''\
List the nodes directly below the node PATH, and its links, each in a line.
PATH is / by default and may lead through links.
''', '''\
examples:
  {0} /fooservice/providers
  {0} -l /fooservice/providers
        also: e for an ephemeral node, l for a link, ? for a node that may
        not be read; how many nodes are directly below; the size of the data
        in bytes; when they were written

exit status: 0 done, 2 failed or wrong usage
''')
    parser.add_argument('-l', '--long', action='store_true',
                        help='tell more of each')
    parser.add_argument('--json', action='store_true',
                        help='print a JSON object for each')
    options = call.parse(parser)
    path = take_path(parser, options.arguments)
    with call.connected(options) as zk:
        path = zk.resolve(path)
        names = sorted(zk.get_children(path))
        links = _links(zk.get_properties(path), names)
        items: list[Item] = []
        unreadable: list[str] = []
        if options.long or options.json:
            items = list(_read(Bulk(zk.client), path, names, unreadable))
    if options.json:
        output.print_json([*map(_as_json, items), *(
            {'path': paths.join(path, name), 'link': target}
            for name, target in links.items())])
    elif options.long:
        for line in _table(items, links, unreadable):
            output.show(line)
    else:
        for name in sorted([*names, *links]):
            output.show(_named(name, links))
    output.tell('these nodes may not be read:', unreadable)
    return 0


def _links(
    properties: dict[str, Any], names: Iterable[str]
) -> dict[str, str]:
    """Return where links lead that no child hides, by name."""
    return {
        name[:-len(LINK)]: str(target) for name, target in properties.items()
        if name.endswith(LINK) and name[:-len(LINK)] not in names}


def _read(
    bulk: Bulk, path: str, names: list[str], unreadable: list[str]
) -> Iterator[Item]:
    where = [paths.join(path, name) for name in names]
    for path, answer in zip(where, bulk.data(where), strict=True):
        if isinstance(answer, NoAuthError):
            unreadable.append(path)
            continue
        found = answered(path, answer)
        if found is not None:
            yield Item(path, found[0] or b'', found[1], [])


def _as_json(item: Item) -> dict[str, Any]:
    return {'path': item.path, 'ephemeral': item.ephemeral,
            'children': item.stat.numChildren, 'bytes': item.size,
            'modified': item.modified, 'properties': item.properties()}


def _table(
    items: Iterable[Item], links: dict[str, str], unreadable: Iterable[str]
) -> list[str]:
    rows = [(item.name, 'e' if item.ephemeral else '-',
             str(item.stat.numChildren), str(item.size),
             when(item.modified)) for item in items]
    rows += [(name, 'l', '', '', '') for name in links]
    rows += [(paths.split(path)[1], '?', '', '', '') for path in unreadable]
    widths = [max((len(row[column]) for row in rows), default=0)
              for column in range(5)]
    return [
        f'{kind} {count:>{widths[2]}} {size:>{widths[3]}} '
        f'{modified:{widths[4]}} {_named(name, links)}'
        for name, kind, count, size, modified in sorted(rows)]


def _named(name: str, links: dict[str, str]) -> str:
    return f'{name} -> {links[name]}' if name in links else name
