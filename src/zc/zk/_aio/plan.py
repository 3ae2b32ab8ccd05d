"""A plan of an import, for tasks of an event loop.

The plan before which it stands does the work.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Protocol
from typing import TypeVar

from .._transfer.planned import Plan as SyncPlan
from .._tree.steps import Step


T = TypeVar('T')


class PlanHome(Protocol):
    """Where a plan belongs."""

    async def _aside(self, function: Callable[[], T]) -> T: ...


class Plan:
    """What an import would do; see ``zc.zk.Plan``."""

    def __init__(self, home: PlanHome, plan: SyncPlan) -> None:
        self._home = home
        self._plan = plan

    @property
    def steps(self) -> list[Step]:
        """What is to be done, in order; a list of one's own."""
        return self._plan.steps

    @property
    def path(self) -> str:
        """The path of the import."""
        return self._plan.path

    @property
    def old(self) -> dict[str, dict[str, Any] | None]:
        """The properties of nodes that are changed or deleted, by path."""
        return self._plan.old

    @property
    def applied(self) -> list[str]:
        """The paths that were written or deleted so far."""
        return list(self._plan.applied)

    def to_json(self) -> str:
        """Return a text from which `ZooKeeper.load_plan` makes the plan."""
        return self._plan.to_json()

    async def apply(self) -> None:
        """Do what is planned, if nothing has changed since.

        When it is cancelled, it goes on in its thread.
        """
        await self._home._aside(self._plan.apply)

    def __repr__(self) -> str:
        return repr(self._plan).replace('<', '<zc.zk.aio.', 1)
