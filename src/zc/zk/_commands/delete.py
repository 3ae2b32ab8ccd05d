"""The script that deletes nodes.

Runs in a script's main thread.  It must not know how nodes are deleted.
"""
from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kazoo.exceptions import NoNodeError

from .._session.requests import Bulk
from .._transfer.deletion import Deletion
from .._tree import notes as _notes
from .._tree import paths
from .._tree.model import LINK
from .._tree.steps import Step
from . import output
from .call import Call
from .command import command
from .options import take_path
from .progress import Progress
from .question import agreed
from .question import fail_if_moved
from .question import show_deletions


if TYPE_CHECKING:
    from ..client import ZooKeeper


@command('zookeeper_delete')
def delete(call: Call) -> int:
    """Delete a node and all below it."""
    parser = call.parser('PATH', '''\
Delete the node PATH and all nodes below it, after a question on the terminal.
Ephemeral nodes, as live servers have, and the nodes above them stay.  If PATH
is a link, the link is deleted, without a question, and not what it leads to.
PATH may lead through other links.
''', '''\
examples:
  {0} -d /fooservice
        show what would be deleted
  {0} /fooservice
        delete it

exit status: 0 all is deleted, 1 something stays{or failure}
''')
    parser.add_argument('-d', '--dry-run', action='store_true',
                        help='only print what would be done')
    parser.add_argument('-f', '--force', action='store_true',
                        help='delete ephemeral nodes too')
    parser.add_argument(
        '-y', '--yes', action='store_true',
        help='do not ask; needed to delete without a terminal')
    options = call.parse(parser)
    rest = options.arguments
    if len(rest) != 1:
        parser.error(call.needed('one PATH'))
    path = take_path(parser, rest)
    with call.connected(options) as zk, \
            Progress(sys.stderr, 'nodes deleted') as progress:
        link = _link(zk, path)
        if link is not None:
            above, name = link
            if options.dry_run:
                output.show(f'would delete the link {path}.')
            else:
                zk._nodes.change(above, {}, [name])
            return 0
        bulk = Bulk(zk.client)
        path = zk.resolve(path)

        def work() -> Deletion:
            return Deletion(bulk, path, options.force, exactly=True,
                            progress=progress)

        def show(steps: list[Step]) -> None:
            show_deletions(bulk, steps, 'this deletes')

        if options.dry_run:
            steps = work().plan()
            for line in _notes.lines(steps):
                output.show(line)
        else:
            planned = agreed(work, show, options.yes)
            try:
                steps = planned.apply()
            except KeyboardInterrupt:
                raise KeyboardInterrupt(_notes.interrupted(
                    len(planned.applied), 'deleted')) from None
            progress.close()
            for line in _notes.notes(steps):
                output.show(line)
            fail_if_moved(steps)
        return 1 if any(_notes.notes(steps)) else 0


def _link(zk: ZooKeeper, path: str) -> tuple[str, str] | None:
    """Return the node that holds a link, and its property; None: no link."""
    above, name = paths.split(path)
    try:
        above = zk.resolve(above)
    except NoNodeError:
        return None
    if not name or name in zk.get_children(above):
        return None
    name += LINK
    return (above, name) if name in zk.get_properties(above) else None
