"""A plan as it is shown before it is applied, without secrets.

Pure.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from .._transfer.planned import Plan
from .._tree import diff
from .._tree import notes
from .._tree import paths
from .._tree import steps as _steps
from .._tree.model import LINK
from .._tree.model import PROPERTY_LINK
from .._tree.steps import Step
from .._tree.values import decode
from .._tree.values import encode
from .hiding import is_hidden
from .hiding import properties_shown


#: What stands in the place of secrets: they are told apart where they differ.
HIDDEN = '(hidden)'
HIDDEN_OTHER = '(hidden, another one)'


def lines_of(plan: Plan) -> list[str]:
    """Return what a plan changes, as the lines of a comparison."""
    shown = [_without_secrets(step) for step in plan.steps
             if not isinstance(step, _steps.Stay)]
    old = {path: encode(_masked(properties, path), path)
           for path, properties in plan.old.items()
           if properties is not None}
    return [sign + line
            for sign, line in diff.differences(shown, plan.path, old)]


def notes_of(plan: Plan) -> dict[str, Any]:
    """Return how much is to be done, and what stays as it is."""
    steps = plan.steps
    stays = [step for step in steps if isinstance(step, _steps.Stay)]
    return {'changes': len(steps) - len(stays),
            'notes': list(notes.lines(stays))}


def _without_secrets(step: Step) -> Step:
    if isinstance(step, _steps.Add):
        properties = _masked(decode(step.data, step.path), step.path)
        return step._replace(data=encode(properties, step.path))
    if isinstance(step, _steps.Change):
        old = _masked(step.old, step.path)
        return step._replace(
            old=old, new=dict(_other(step.old, step.new, step.path)))
    return step


def _masked(properties: Mapping[str, Any], path: str) -> dict[str, Any]:
    shown = properties_shown(properties, paths.split(path)[1])
    # Links hold paths, whatever they are called.
    return {name: properties[name] if name.endswith((LINK, PROPERTY_LINK))
            else _text(value, HIDDEN) for name, value in shown.items()}


def _other(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str
) -> Iterator[tuple[str, Any]]:
    for name, value in properties_shown(new, paths.split(path)[1]).items():
        if name.endswith((LINK, PROPERTY_LINK)):
            yield name, new[name]
        else:
            same = name in old and old[name] == new[name]
            yield name, _text(value, HIDDEN if same or name not in old
                              else HIDDEN_OTHER)


def _text(value: Any, text: str) -> Any:
    """Put a text in the place of what is hidden."""
    if is_hidden(value):
        return text
    if isinstance(value, dict):
        return {name: _text(each, text) for name, each in value.items()}
    if isinstance(value, list):
        return [_text(each, text) for each in value]
    return value
