"""The script that imports a tree, and what it asks and says.

Runs in a script's main thread.  It must not know how trees are read or
written.
"""
from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import kazoo.security

from .._session.requests import Bulk
from .._transfer import importer
from .._tree import diff
from .._tree import ending
from .._tree import notes as _notes
from .._tree.steps import Step
from . import files
from . import output
from .call import Call
from .command import command
from .options import take_path
from .progress import Progress
from .question import agreed
from .question import fail_if_moved
from .question import show_deletions
from .streams import Failure


@command('zookeeper_import')
def import_(call: Call) -> int:
    """Make the nodes that a file describes."""
    parser = call.parser('[FILE [PATH]]', '''\
Make ZooKeeper nodes as the tree in FILE describes them, below the node PATH.
FILE is the standard input by default, or if it is -; PATH is / by default and
may lead through links.  No node is deleted without --trim.  A node that is in
the tree gets exactly the properties that it has there: properties that the
tree does not have are removed.  A node that is as described is not written.
''', '''\
examples:
  {0} -d tree.txt
        show what an import would do
  {0} tree.txt
        do it
  {0} -t tree.txt /fooservice
        also delete nodes that the tree does not have; the nodes directly
        below /fooservice and ephemeral nodes stay
  zookeeper_export one:2181 /a | zookeeper_import two:2181
        copy a tree

exit status: 0 done{failure}
''')
    parser.add_argument('-d', '--dry-run', action='store_true',
                        help='only print what would be done')
    trim = parser.add_mutually_exclusive_group()
    trim.add_argument(
        '-t', '--trim', action='store_true', default=None,
        help='delete nodes that the tree does not have, after a question on '
        'the terminal.  Text from a pipe must end with the line '
        f'"{ending.WHOLE}", which zookeeper_export writes into pipes.')
    trim.add_argument(
        '-T', '--no-trim', action='store_false', dest='trim',
        help='do not name the nodes that the tree does not have')
    parser.add_argument(
        '-y', '--yes', action='store_true',
        help='do not ask; needed to trim without a terminal')
    parser.add_argument(
        '-p', '--permission', type=_permission, metavar='PERMISSION',
        help='what everyone may do with the imported nodes: letters of '
        'cdrwa (create, delete, read, write, admin), or their bits as an '
        'integer (31 is all).  By default, everyone may do everything with '
        'new nodes, and existing nodes keep their permissions.')
    parser.add_argument('--json', action='store_true',
                        help='with -d: print a JSON object for each step')
    options = call.parse(parser)
    if options.json and not options.dry_run:
        parser.error('--json needs --dry-run')
    rest = options.arguments
    file = rest.pop(0) if rest else '-'
    path = take_path(parser, rest)
    text, piped = files.read_text(file)
    source = files.source_name(file)
    tree = files.tree_from(text, file)
    doubt = ending.doubt(text, piped) if options.trim else ''
    if doubt and not options.dry_run:
        raise Failure(f'{source}: {doubt}')
    acl = None
    if options.permission is not None:
        acl = [kazoo.security.ACL(
            options.permission, kazoo.security.ANYONE_ID_UNSAFE)]
    with call.connected(options) as zk, \
            Progress(sys.stderr, 'nodes written') as progress:
        path = zk.resolve(path)

        def work() -> importer.Import:
            return importer.Import(
                Bulk(zk.client), tree, path, options.trim, acl, progress)

        def show(steps: Sequence[Step]) -> None:
            show_deletions(Bulk(zk.client), steps, 'trim deletes',
                           work().wanted)

        if options.dry_run:
            steps = work().plan()
            if options.json:
                output.print_json(map(diff.as_json, steps))
            else:
                for line in _notes.lines(steps):
                    output.show(line)
            if doubt:
                output.complain(f'without -d, this fails: {source}: {doubt}')
            return 0
        if options.trim:
            planned = agreed(work, show, options.yes)
        else:
            planned = work()
        return _apply(planned, progress)


def _permission(text: str) -> int:
    bits = 0
    if text.isdigit():
        bits = int(text)
    elif text and not set(text) - set('rwcda'):
        bits = sum(1 << 'rwcda'.index(letter) for letter in set(text))
    if not 1 <= bits <= kazoo.security.Permissions.ALL:
        raise argparse.ArgumentTypeError(
            'letters of cdrwa or an integer from 1 to 31 are needed')
    return bits


def _apply(work: importer.Import, progress: Progress) -> int:
    try:
        steps = work.apply()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f'{_notes.interrupted(len(work.applied))}; '
            'the same import completes it') from None
    finally:
        progress.close()
        output.tell('properties that the import removed or changed:',
             list(_notes.change_lines(work.changed())))
    for line in _notes.notes(steps):
        output.show(line)
    fail_if_moved(steps)
    return 0
