"""Trees below a path, as a ZooKeeper object has them: text in, text out.

Runs in its caller's thread.  It must not know registrations.

What parses, plans and writes is imported when it is first needed: most
programs have no trees in text, and it is half of what importing this library
takes.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

from kazoo.security import ACL

from .._session.chroot import Chroot
from .._session.nodes import Nodes
from .._session.nodes import acl_list
from .._session.requests import Bulk


if TYPE_CHECKING:
    from .planned import Plan


class Trees:
    """Whole trees, through one connection.

    :param bulk: the connection
    :param chroot: tells of a chroot that does not exist
    :param nodes: knows paths
    :param wrote: called when many nodes were written
    """

    def __init__(
        self,
        bulk: Bulk,
        chroot: Chroot,
        nodes: Nodes,
        wrote: Callable[[], None],
    ) -> None:
        self._bulk = bulk
        self._chroot = chroot
        self._nodes = nodes
        self._wrote = wrote

    def import_tree(
        self,
        text: str,
        path: str = '/',
        trim: bool | None = None,
        acl: Sequence[ACL] | None = None,
        dry_run: bool = False,
    ) -> None:
        """Make the nodes below `path` as `text` describes them.

        :param text: a tree; see docs/tree-format.rst
        :param path: the node below which they are made
        :param trim: whether to delete nodes the text does not have (True),
            to name them (None), or to leave them (False)
        :param acl: the access control list for all imported nodes; without it,
            new nodes are open to all and existing ones keep theirs
        :param dry_run: only print what would be done
        :raises TreeSyntaxError: when the text is not a tree
        :raises BadPropertyLink: when the value of a property link in it cannot
            be a link; its target is not looked up
        :raises ImportFailed: when it stopped half way
        :raises TreeChanged: when others kept changing the same nodes
        """
        from .._tree.parser import parse_tree
        from . import importer

        path = self._nodes.normal(path)
        tree = parse_tree(text)
        try:
            with self._chroot:
                importer.import_tree(
                    self._bulk, tree, path, trim,
                    None if acl is None else acl_list(acl), dry_run, print)
        finally:
            self._wrote()

    def plan(
        self,
        text: str,
        path: str = '/',
        trim: bool | None = None,
        services: Sequence[str] = (),
    ) -> Plan:
        """Return what an import would do, to be looked at, saved, applied.

        :param text: a tree; see docs/tree-format.rst
        :param path: the node below which it would be imported
        :param trim: as for `import_tree`
        :param services: names of top nodes of the tree: only these are
            planned for.  One that the text does not have is deleted if
            `trim` is true.
        :returns: the plan; its `apply` does what it says, and nothing if a
            node that it touches has changed since
        :raises TreeSyntaxError: when the text is not a tree
        :raises NoService: when neither the text nor the live tree has one
            of `services`
        :raises Error: as for `import_tree`
        """
        from .._tree.parser import parse_tree
        from .planned import make_plan

        tree = parse_tree(text)
        with self._chroot:
            return make_plan(self._bulk, tree, self._nodes.resolve(path),
                             trim, services, self._wrote)

    def load_plan(self, text: str) -> Plan:
        """Return the plan that `Plan.to_json` made a text of.

        :raises PlanSyntaxError: when the text holds no plan
        :raises PlanNotForHere: when it is for another ensemble or root
        """
        from .planned import load_plan

        return load_plan(self._bulk, text, self._wrote)

    def export_tree(
        self,
        path: str = '/',
        ephemeral: bool = False,
        name: str | None = None,
    ) -> str:
        """Return the text that describes a node and all below it.

        :param ephemeral: whether to include ephemeral nodes
        :param name: for the top node, instead of its own
        :raises NoNodeError: when there is no such node
        :raises DataError: when the data of a node are not UTF-8 (`print_tree`
            shows a comment instead)
        :raises ValueNotStorable: when text cannot express a node's data
        """
        from . import importer

        with self._chroot:
            return ''.join(
                line + '\n' for line in importer.export_lines(
                    self._bulk, self._nodes.normal(path), ephemeral, name))

    def print_tree(self, path: str = '/') -> None:
        """Print a node and all below it, with ephemeral nodes.

        A node whose data are not text is shown as a comment, and so are all
        nodes below it.
        """
        from . import importer

        with self._chroot:
            for line in importer.export_lines(
                    self._bulk, self._nodes.normal(path), True, None,
                    lambda path, reason: None):
                print(line)

    def walk(
        self, path: str, ephemeral: bool, children: bool
    ) -> Iterator[Any]:
        """Iterate over a node and all below it; see `ZooKeeper.walk`."""
        from . import importer

        return importer.walk(
            self._bulk, self._nodes.normal(path), ephemeral, children)

    def delete(
        self,
        path: str,
        dry_run: bool,
        force: bool,
        ignore_if_ephemeral: bool,
        out: Callable[[str], None],
    ) -> bool:
        """Delete a node and all below it; tell whether it is gone.

        :param path: in its normal form
        :param force: whether to delete ephemeral nodes too
        :param ignore_if_ephemeral: whether to say nothing when the node
            itself is ephemeral
        :param out: prints a line
        """
        from . import importer

        try:
            with self._chroot:
                return importer.delete_recursive(
                    self._bulk, path, dry_run, force, ignore_if_ephemeral,
                    out)
        finally:
            self._wrote()
