"""Links that lead nowhere, step by step to where they fail.

Pure.  What nodes hold comes from a function, see `_tree.links`.
"""
from __future__ import annotations

import bisect
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from ..._tree import links
from ..._tree import paths
from ..._tree.model import LINK
from ..._tree.model import PROPERTY_LINK
from ...errors import BadPropertyLink
from ...errors import Error
from .finding import Findings
from .finding import clipped


#: How many steps of a link that fails are shown.
SHOWN = 12


class Pointer(NamedTuple):
    """A link: the node that has it, the property, what that holds.

    :ivar hidden: whether a real node or property of the name hides it
    """

    path: str
    key: str
    target: Any
    hidden: bool

    @property
    def goal(self) -> str | None:
        """The path where it leads at first; None when that is no path."""
        try:
            target = self.target
            if self.key.endswith(PROPERTY_LINK):
                target = links.split_property_link(target, '')[0]
            return paths.follow(self.path, target)
        except ValueError:
            return None


def pointers(
    path: str, properties: Mapping[str, Any], names: list[str]
) -> Iterator[Pointer]:
    """Yield the links of a node.

    :param names: of its children, sorted
    """
    for key, target in properties.items():
        if key.endswith(LINK):
            name = key[:-len(LINK)]
            place = bisect.bisect_left(names, name)
            yield Pointer(path, key, target, names[place:place + 1] == [name])
        elif key.endswith(PROPERTY_LINK):
            yield Pointer(
                path, key, target, key[:-len(PROPERTY_LINK)] in properties)


def judge(
    findings: Findings, pointer: Pointer, lookup: links.Lookup
) -> None:
    """Judge a link.

    :param lookup: gives the data of nodes
    """
    path, key, target, hidden = pointer
    if hidden:
        findings.warning(
            'hidden-link', path,
            f'{clipped(key)!r} is hidden by what has the same name, and leads '
            'nowhere', 'delete the link, or what hides it')
    if key.endswith(LINK):
        story, why = trace(lookup, path, target)
        if why:
            findings.error(
                'broken-link', path, f'the link {clipped(key)} {story}: {why}',
                'correct the link with zczk ln, or create what it leads to')
        return
    name = key[:-len(PROPERTY_LINK)]
    value = links.linked_values(lookup, path, {key: target}).get(name)
    if isinstance(value, BadPropertyLink):
        findings.error(
            'broken-link', path,
            f'the property link {clipped(key)} {clipped(str(target))}: '
            f'{clipped(value.reason)}',
            'correct the link with zczk set, or the property that it leads '
            'to')


def trace(
    lookup: links.Lookup, path: str, target: Any
) -> tuple[str, str]:
    """Return the steps of a link, and why it fails; empty: it does not.

    :param path: of the node that has the link
    """
    steps = [clipped(str(target))]
    try:
        first = paths.follow(path, target)
        steps.clear()
        for step in links.followed(lookup, first):
            steps.append(step)
    except NoNodeError:
        return _story(steps), f'there is no node {clipped(steps[-1])}'
    except NoAuthError as e:
        return _story(steps), f'{clipped(str(e))} may not be read'
    except (Error, ValueError) as e:
        return _story(steps), clipped(str(e))
    return _story(steps), ''


def _story(steps: list[str]) -> str:
    shown = [clipped(each) for each in steps]
    if len(shown) > SHOWN:
        shown[SHOWN - 1:-1] = ['...']
    return ' -> '.join(shown)
