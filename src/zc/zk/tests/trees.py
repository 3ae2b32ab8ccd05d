"""What tests of trees share: strategies for hypothesis, and a big tree."""
from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies as st

from zc.zk._tree.model import Node
from zc.zk._tree.paths import check_name
from zc.zk.errors import PathError


#: Trees take long to make; a busy machine is no reason to fail.
few = settings(
    max_examples=40, deadline=None,
    suppress_health_check=[
        HealthCheck.data_too_large, HealthCheck.filter_too_much,
        HealthCheck.too_slow])


def _is_name(name: str) -> bool:
    try:
        check_name(name)
    except PathError:
        return False
    return bool(name)


# Nearly all that ZooKeeper takes, so that little is filtered out.
_characters = st.characters(
    max_codepoint=0xffef, exclude_categories=['Cc', 'Co', 'Cs'],
    exclude_characters='/')
#: Names as people give them, and any others that ZooKeeper takes.
names = st.one_of(
    st.sampled_from(['a', 'b', 'c', 'main', '10.0.0.1:80', 'a b', "'q'"]),
    st.text(_characters, min_size=1, max_size=8).filter(_is_name))

#: Names of properties: anything, often something like a link or a type.
keys = st.one_of(
    st.sampled_from([
        'threads', 'type', 'x ->', 'x =>', ' ->', 'a b ->', '#', '/x',
        'string_value', 'a=b', 'a->b', 'x->', '', ' ', '-', '>', "it's",
        "'q'", 'x -> ', 'é', '\u200b', '\x1b[1m']),
    st.text(max_size=8),
    st.builds('{} ->'.format, st.text(max_size=4)),
    st.builds('{} =>'.format, st.text(max_size=4)))

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(), st.sampled_from(['/a', '/a b', '../x', 'z4m cms', ' x']))

#: All that JSON gives back.
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=8)

properties = st.dictionaries(keys, values, max_size=5)


def _node(
    own: dict[str, Any], children: dict[str, Node]
) -> Node:
    node = Node('', own)
    node.children = children
    for name, child in children.items():
        child.name = name
    return node


nodes = st.recursive(
    st.builds(_node, properties, st.just({})),
    lambda inner: st.builds(
        _node, properties, st.dictionaries(names, inner, max_size=4)),
    max_leaves=8)

#: Whole descriptions: a nameless root without properties.
trees = st.builds(
    _node, st.builds(dict), st.dictionaries(names, nodes, max_size=3))


def big_text(count: int, fan_out: int = 20) -> str:
    """Return the text of a tree of `count` nodes of three properties."""
    lines = []
    todo = [(0, '')]
    while todo:
        number, indent = todo.pop()
        lines += [
            f'{indent}/node-{number:06}',
            f"{indent}  address = '10.0.{number // 250}.{number % 250}:80'",
            f'{indent}  ratio = {number / 7!r}',
            f'{indent}  threads = {number % 50}',
        ]
        first = number * fan_out + 1
        for child in range(min(first + fan_out, count) - 1, first - 1, -1):
            todo.append((child, indent + '  '))
    return '\n'.join(lines) + '\n'
