"""Deleting nodes, of which some may be those of our own servers.

Whoever deletes the node of a server that is registered here wants it to stay
away.  Runs in its caller's thread.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.exceptions import NotEmptyError

from .._session.nodes import Nodes
from .._transfer.trees import Trees
from .._tree import paths as _paths
from .registrar import Registrar
from .states import State


class Removal:
    """Deletes nodes, and ends the registrations that have them.

    :param nodes: single nodes
    :param trees: whole trees
    :param registrar: knows the registrations
    """

    def __init__(
        self, nodes: Nodes, trees: Trees, registrar: Registrar
    ) -> None:
        self._nodes = nodes
        self._trees = trees
        self._registrar = registrar

    def delete(
        self, path: str, version: int = -1, recursive: bool = False
    ) -> Any:
        """Delete a node; see kazoo's ``delete``.

        If it is the node of a registered server, the registration ends.

        :param version: that the data must be at, -1 for any
        :param recursive: whether to delete all below it first, also
            ephemeral nodes; then a missing node is no error
        :returns: what kazoo's method returns
        :raises NoNodeError: when there is no such node
        :raises NotEmptyError: when it has children, or was given one while
            all below it was deleted
        """
        path = self._nodes.normal(path)
        if recursive:
            try:
                gone = self._delete_all(path, False, True, False, _mute)
            except NoNodeError:
                return True
            if not gone:
                raise NotEmptyError(path)
            return None
        registration = self._registrar.registrations.get(path)
        if registration is None or version != -1:
            result = self._nodes.delete(path, version)
            if registration is not None:
                registration.unregister()
            return result
        waits = registration.state == State.WAITING
        registration.unregister()
        # Another session's node was never ours to take back.
        return self._nodes.delete(path) if waits else True

    def delete_recursive(
        self,
        path: str,
        dry_run: bool = False,
        force: bool = False,
        ignore_if_ephemeral: bool = False,
    ) -> None:
        """Delete a node and all below it.

        Ephemeral nodes stay, and so do the nodes above them; each is named
        in a line that is printed.

        :param dry_run: only print what would be done
        :param force: whether to delete ephemeral nodes too; this ends
            registrations of this object
        :param ignore_if_ephemeral: whether to say nothing when the node at
            `path` itself is ephemeral
        :raises NoNodeError: when there is no such node
        """
        self._delete_all(self._nodes.normal(path), dry_run, force,
                         ignore_if_ephemeral, print)

    def _delete_all(
        self,
        path: str,
        dry_run: bool,
        force: bool,
        ignore_if_ephemeral: bool,
        out: Callable[[str], None],
    ) -> bool:
        if force and not dry_run:
            for node, registration in self._registrar.registrations.items():
                if path != '/' and _paths.is_under(node, path):
                    registration.unregister()
        return self._trees.delete(
            path, dry_run, force, ignore_if_ephemeral, out)


def _mute(line: str) -> None:
    """Print nothing."""
