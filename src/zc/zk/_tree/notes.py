"""The lines that tell what steps do, or did not do.

Pure: a dry run prints some, a deletion or an import the others.  The lines
are those of zc.zk 2.1.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator

from .model import LINK
from .steps import ABOVE_EPHEMERAL
from .steps import ABOVE_NO_TEXT
from .steps import EPHEMERAL
from .steps import EXTRA
from .steps import GREW
from .steps import NO_TEXT
from .steps import UNCHANGED
from .steps import UNREADABLE
from .steps import Add
from .steps import Change
from .steps import Remove
from .steps import Stay
from .steps import Step
from .values import same


_STAY_LINES = {
    EXTRA: ('extra path not trimmed: {}', 'extra path not trimmed: {}'),
    EPHEMERAL: ("wouldn't delete {} because it's ephemeral.",
                "Not deleting {} because it's ephemeral."),
    ABOVE_EPHEMERAL: ('{} not deleted due to ephemeral descendent.',
                      '{} not deleted due to ephemeral descendent.'),
    UNCHANGED: ("wouldn't change {} because it's ephemeral.",
                "Not changing {} because it's ephemeral."),
    GREW: ('{} not deleted because it is new or changed, or has such a '
           'node below it.',
           '{} not deleted because it is new or changed, or has such a '
           'node below it.'),
    NO_TEXT: ('{} not deleted because text cannot describe its data.',
              '{} not deleted because text cannot describe its data.'),
    ABOVE_NO_TEXT: ('{} not deleted because text cannot describe the data '
                    'of a node below it.',
                    '{} not deleted because text cannot describe the data '
                    'of a node below it.'),
    UNREADABLE: ('{} differs, and text cannot describe its data.',
                 '{} differs, and text cannot describe its data.'),
}


def lines(steps: Iterable[Step]) -> Iterator[str]:
    """Yield the lines that a dry run prints."""
    for step in steps:
        if isinstance(step, Add):
            if step.top:
                yield f'add {step.path}'
        elif isinstance(step, Change):
            yield from _lost_lines(step)
            if step.new.keys() != step.old.keys():
                yield from _new_lines(step)
        elif isinstance(step, Remove):
            yield f'would delete {step.path}.'
        else:
            yield _STAY_LINES[step.reason][0].format(step.path)


def notes(steps: Iterable[Step]) -> Iterator[str]:
    """Yield the lines that tell what was not done as wanted."""
    for step in steps:
        if isinstance(step, Stay):
            yield _STAY_LINES[step.reason][1].format(step.path)


def _new_lines(step: Change) -> Iterator[str]:
    path, new = step.path, step.new
    for name in sorted(new.keys() - step.old.keys()):
        if name.endswith(LINK):
            yield f'{path} add link {name} {new[name]}'
        else:
            yield f'{path} add property {name} = {new[name]}'


def _lost_lines(step: Change) -> list[str]:
    """Return the lines for properties that go or get another value."""
    lines = []
    path, old, new = step.path, step.old, step.new
    for name in sorted([
            name for name, value in old.items()
            if name not in new or not same(value, new[name])]):
        value = old[name]
        link = name.endswith(LINK)
        if name in new:
            if link:
                lines.append(f'{path} {name[:-len(LINK)]} link change '
                             f'from {value} to {new[name]}')
            else:
                lines.append(
                    f'{path} {name} change from {value} to {new[name]}')
        elif link:
            lines.append(f'{path} remove link {name} {value}')
        else:
            lines.append(f'{path} remove property {name} = {value}')
    return lines


def change_lines(steps: Iterable[Step]) -> Iterator[str]:
    """Yield a dry run's lines for properties that go or change."""
    for step in steps:
        if isinstance(step, Change):
            yield from _lost_lines(step)


def interrupted(count: int, what: str = 'written or deleted') -> str:
    """Return how far an interrupted command came, as text.

    Nobody knows whether what was on its way was done.

    :param count: how many nodes are known to be done
    :param what: has been done to them
    """
    if not count:
        return f'interrupted: perhaps some nodes were {what}'
    were = 'was' if count == 1 else 'were'
    return f'interrupted: {nodes(count)} {were} {what}, perhaps more'


def nodes(count: int) -> str:
    """Return how many nodes there are, as text."""
    return '1 node' if count == 1 else f'{count} nodes'
