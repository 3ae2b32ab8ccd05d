"""A plan as text to look at: what is there and what is wanted, side by side.

Pure.  Lines are those of the tree format, each with a sign: ``-`` what is
there, ``+`` what is wanted, a blank for the nodes above.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from . import paths
from . import steps as _steps
from .steps import Step
from .values import decode
from .writer import node_lines


Line = tuple[str, str]

_COLOURS = {'-': '\033[31m', '+': '\033[32m', '@': '\033[36m'}
_PLAIN = '\033[m'


def differences(
    steps: Iterable[Step], path: str, old: Mapping[str, bytes]
) -> Iterator[Line]:
    """Yield the signed lines for the steps of an import.

    :param path: of the import; the text's top nodes are below it
    :param old: the data of the nodes that would be removed
    :raises ValueNotStorable: when text cannot express a node's data
    :raises DataError: when the data of a node to be removed are not UTF-8
    """
    changed: dict[tuple[str, ...], list[Line]] = {}
    depth = len(paths.parts(path))
    for step in steps:
        parts = tuple(paths.parts(step.path)[depth:])
        indent = '  ' * (len(parts) - 1)
        if isinstance(step, _steps.Change):
            changed[parts] = _changed(step, parts[-1], indent)
        elif isinstance(step, _steps.Add):
            changed[parts] = [('+', line) for line in node_lines(
                parts[-1], decode(step.data), indent, step.path)]
        elif isinstance(step, _steps.Remove):
            properties = decode(old.get(step.path), step.path)
            changed[parts] = [('-', line) for line in node_lines(
                parts[-1], properties, indent, step.path)]
    shown: tuple[str, ...] = ()
    for parts in sorted(changed):
        common = 0
        while common < min(len(shown), len(parts) - 1) \
                and shown[common] == parts[common]:
            common += 1
        for level in range(common, len(parts) - 1):
            yield ' ', node_lines(parts[level], {}, '  ' * level, path)[0]
        yield from changed[parts]
        shown = parts


def _changed(step: _steps.Change, name: str, indent: str) -> list[Line]:
    before = node_lines(name, step.old, indent, step.path)
    after = node_lines(name, step.new, indent, step.path)
    lines = []
    if before[0] == after[0]:
        lines.append((' ', before[0]))
    else:
        lines += [('-', before[0]), ('+', after[0])]
    gone = dict.fromkeys(before[1:])
    for line in after[1:]:
        gone.pop(line, None)
    was = dict.fromkeys(before[1:])
    new = [line for line in after[1:] if line not in was]
    # What replaces a line comes right after it.
    for line in gone:
        lines.append(('-', line))
        for other in [each for each in new if _name(each) == _name(line)]:
            lines.append(('+', other))
            new.remove(other)
    return lines + [('+', line) for line in new]


def _name(line: str) -> str:
    return line.split(' = ')[0].split(' -> ')[0].split(' => ')[0]


def text(
    lines: Iterable[Line], old: str, new: str, colour: bool
) -> Iterator[str]:
    """Yield lines as ``diff -u`` writes them; nothing if there are none.

    :param old: the name of what is there
    :param new: the name of what is wanted
    :param colour: whether to colour them for a terminal
    """
    def coloured(sign: str, line: str) -> str:
        if colour and sign in _COLOURS:
            return f'{_COLOURS[sign]}{line}{_PLAIN}'
        return line

    first = True
    for sign, line in lines:
        if first:
            yield coloured('-', f'--- {old}')
            yield coloured('+', f'+++ {new}')
            first = False
        yield coloured(sign, sign + line)


def as_json(step: Step) -> dict[str, Any]:
    """Return a step as a dictionary for JSON."""
    if isinstance(step, _steps.Add):
        return {'path': step.path, 'step': 'add', 'new': decode(step.data)}
    if isinstance(step, _steps.Change):
        return {'path': step.path, 'step': 'change', 'old': step.old,
                'new': step.new}
    if isinstance(step, _steps.Remove):
        return {'path': step.path, 'step': 'delete'}
    return {'path': step.path, 'step': 'keep', 'reason': step.reason}
