"""What an operator says of servers, in a property of the service's node.

::

    overrides = [{'name': '10.0.0.7:8080', 'weight': 0},
                 {'where': {'version': '1.2'}, 'weight': 0.1}]

Each is a JSON object: ``name`` or ``where`` says for which servers it is,
the rest are properties that count instead of theirs.  Of several for one
server, the last one counts.  Since it is not the server's own node that is
written, a restart of the server changes nothing.

Pure.  What cannot be understood is left out, and said.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any


#: The property of the service's node.
OVERRIDES = 'overrides'
_SELECTORS = ('name', 'where')

Rule = Mapping[str, Any]


class Overrides:
    """The overrides of a service.

    :ivar faults: what could not be understood, a sentence each
    """

    def __init__(self, value: Any = None) -> None:
        self._by_name: dict[str, list[tuple[int, Rule]]] = {}
        self._by_property: list[tuple[int, Rule]] = []
        self.faults: list[str] = []
        if value is None:
            return
        if not isinstance(value, list):
            self.faults.append(f'{OVERRIDES} is no list')
            return
        for place, rule in enumerate(value):
            fault = _fault(rule)
            if fault:
                self.faults.append(f'{OVERRIDES}, item {place + 1}: {fault}')
            elif 'name' in rule:
                self._by_name.setdefault(rule['name'], []).append(
                    (place, rule))
            else:
                self._by_property.append((place, rule))

    def __bool__(self) -> bool:
        return bool(self._by_name or self._by_property)

    def of(self, name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that count instead of a server's own."""
        found = self._by_name.get(name, [])
        if self._by_property:
            found = found + [
                (place, rule) for place, rule in self._by_property
                if _matches(rule, properties)]
            found.sort(key=lambda item: item[0])
        changes: dict[str, Any] = {}
        for _, rule in found:
            changes.update((key, value) for key, value in rule.items()
                           if key not in _SELECTORS)
        return changes


def weighed(value: Any, name: str, weight: float | None) -> list[Any]:
    """Return the overrides `value` with a weight for one server.

    What else they say stays, and so does what cannot be understood:
    somebody wrote it.

    :param weight: what counts instead of the server's own weight; None:
        its own counts again, unless a rule with ``where`` has another
    """
    kept = []
    for rule in value or ():
        if not _fault(rule) and rule.get('name') == name:
            rule = {key: each for key, each in rule.items()
                    if key != 'weight'}
            if rule.keys() == {'name'}:
                continue
        kept.append(rule)
    if weight is not None:
        kept.append({'name': name, 'weight': weight})
    return kept


def _matches(rule: Rule, properties: Mapping[str, Any]) -> bool:
    return all(key in properties and properties[key] == value
               for key, value in rule['where'].items())


def _fault(rule: Any) -> str | None:
    if not isinstance(rule, dict):
        return 'it is no object'
    if ('name' in rule) == ('where' in rule):
        return 'it needs either name or where'
    if 'name' in rule and not isinstance(rule['name'], str):
        return 'name is no text'
    if 'where' in rule and not isinstance(rule['where'], dict):
        return 'where is no object'
    return None
