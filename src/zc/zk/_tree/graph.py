"""A picture of a system: its services and their links, for Graphviz.

Runs in its caller's thread.  By convention a node is a service if it has a
child ``providers``; it uses another service if it, or a node below it, has
a symbolic link to that service's ``providers``.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from .._printable import printable
from ..errors import PathError
from . import paths
from .model import LINK
from .model import Node
from .parser import parse_tree


__all__ = ['dump_edges', 'get_edges', 'get_services', 'graph_lines']

PROVIDERS = 'providers'

Edge = tuple[str, str]


def get_services(tree: Node) -> dict[str, Node]:
    """Return the nodes of `tree` that are services, by path."""
    return {path: node for path, node in tree.walk()
            if PROVIDERS in node.children}


def get_edges(tree: Node | str) -> list[Edge]:
    """Return pairs of a service and a service it uses, as paths.

    :param tree: a parsed tree; or its text, if there is a line end in it;
        or the name of a file, ``-`` for the standard input
    :raises TreeSyntaxError: when the text is not a tree
    """
    if isinstance(tree, str):
        tree = _parse(tree)
    edges: list[Edge] = []
    # Each with the service that it is part of
    todo = [('/', tree, '')]
    while todo:
        path, node, service = todo.pop()
        if PROVIDERS in node.children:
            service = path
        if service:
            edges += [(service, target)
                      for target in _used(path, node) if target != service]
        todo += [(paths.join(path, name), node.children[name], service)
                 for name in sorted(node.children, reverse=True)]
    return edges


def _parse(text: str) -> Node:
    if '\n' in text:
        return parse_tree(text)
    if text == '-':
        return parse_tree(sys.stdin.read())
    with open(text, encoding='utf-8') as file:
        return parse_tree(file.read(), source=text)


def _used(path: str, node: Node) -> Iterator[str]:
    for name in sorted(node.properties):
        target = node.properties[name]
        if not name.endswith(LINK) or not isinstance(target, str):
            continue
        if not target.endswith('/' + PROVIDERS):
            continue
        try:
            yield paths.split(paths.follow(path, target))[0]
        except PathError:
            pass        # leads nowhere: no service to point at


def dump_edges(
    edges: Sequence[Edge] | Node | str, fname: str | None = None
) -> None:
    """Write edges as Graphviz text.

    :param edges: pairs of paths, or what `get_edges` takes
    :param fname: the file; None or ``-`` for the standard output
    :raises TreeSyntaxError: when a text is not a tree
    """
    if isinstance(edges, (str, Node)):
        edges = get_edges(edges)
    text = ''.join([
        'digraph g {\n',
        *(f'  {_quoted(start)} -> {_quoted(end)};\n' for start, end in edges),
        '}\n'])
    if fname and fname != '-':
        with open(fname, 'w', encoding='utf-8') as file:
            file.write(text)
    else:
        sys.stdout.write(text)


def graph_lines(
    tree: Node,
    counts: Mapping[str, int] | None = None,
    comments: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the lines of a Graphviz text with services and their links.

    :param counts: the number of live providers of each service, by path;
        services without any are drawn in red
    :param comments: lines for someone who reads the text
    """
    yield 'digraph services {'
    for comment in comments:
        yield f'  // {printable(comment)}'
    yield '  rankdir=LR;'
    yield '  node [shape=box, fontname="sans-serif"];'
    services = get_services(tree)
    edges = sorted(set(get_edges(tree)))
    for path, node in sorted(services.items()):
        label = [path]
        type_ = node.properties.get('type')
        if isinstance(type_, str):
            label.append(type_)
        colour = ''
        if counts is not None:
            count = counts.get(path, 0)
            label.append('1 provider' if count == 1 else f'{count} providers')
            colour = '' if count else ', color=red'
        yield f'  {_quoted(path)} [label={_quoted(*label)}{colour}];'
    for path in sorted({end for _, end in edges} - services.keys()):
        yield f'  {_quoted(path)} [style=dashed];'
    for start, end in edges:
        yield f'  {_quoted(start)} -> {_quoted(end)};'
    yield '}'


def _quoted(*lines: str) -> str:
    r"""Return lines as one string of Graphviz: quoted, ``\n`` between.

    Two lines that differ look different: what is not printable is escaped
    as in a Python string, and so is the backslash itself.
    """
    # Graphviz takes \ for one backslash, and &...; for a character.
    escaped = [printable(line.replace('\\', '\\\\')).replace('\\', '\\\\')
               .replace('"', '\\"').replace('&', '&amp;') for line in lines]
    return '"' + '\\n'.join(escaped) + '"'


if __name__ == '__main__':
    dump_edges(*sys.argv[1:])
