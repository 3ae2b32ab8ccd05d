"""The tree as a page without scripts, and the page that asks for the token.

Pure.  All that comes from ZooKeeper is escaped.
"""
from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import quote

from .._printable import printable
from .._tree import paths


#: How many of the nodes above one are linked: each has the whole path.
MOST_ABOVE = 30


def page(title: str, body: str, root: str) -> str:
    """Return a whole page.

    :param title: text
    :param body: HTML
    :param root: where the application is mounted, with a slash at its end
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f'<title>{_text(title)}</title>\n'
        f'<link rel="icon" href="{escape(root)}static/icon.svg">\n'
        f'<link rel="stylesheet" href="{escape(root)}static/page.css">\n'
        f'</head>\n<body class="plain">\n<main>\n{body}</main>\n</body>\n'
        '</html>\n')


def login(root: str, failed: bool) -> str:
    """Return the page that asks for the token."""
    wrong = '<p role="alert">This is not the token.</p>\n' if failed else ''
    return page('Token', (
        f'<h1>Token</h1>\n{wrong}'
        f'<form method="post" action="{escape(root)}login">\n'
        # For what keeps passwords
        '<input name="username" value="zczk web" autocomplete="username" '
        'hidden>\n'
        '<p><label for="token">The token from the file that '
        '<code>zczk web</code> was given:</label></p>\n'
        '<p><input id="token" name="token" type="password" required '
        'autocomplete="current-password" autofocus> '
        '<button>Continue</button></p>\n</form>\n'), root)


def tree(
    node: dict[str, Any], children: dict[str, Any], root: str
) -> str:
    """Return a node and its children as a page.

    :param node: the document of the node
    :param children: that of its children
    """
    path = node['path']
    parts = [f'<nav>{_way(path, root)}</nav>\n<h1>{_text(path)}</h1>\n']
    if not node['exists']:
        parts.append('<p>There is no such node.</p>\n')
        return page(path, ''.join(parts), root)
    if node['error']:
        parts.append(f'<p>{_text(node["error"])}</p>\n')
    rows = [(name, _value(value))
            for name, value in sorted(node['properties'].items())]
    rows += [(f'{link["name"]} ->', _led(link, root))
             for link in node['links']]
    rows += [(f'{link["name"]} =>', _text(link['target']) + ' = ' + (
        _text(link['error']) if 'error' in link else _value(link['value'])))
        for link in node['property_links']]
    if rows:
        parts.append('<h2>Properties</h2>\n<dl>\n')
        parts += [f'<dt>{_text(name)}</dt><dd>{value}</dd>\n'
                  for name, value in rows]
        parts.append('</dl>\n')
    if children['total']:
        parts.append(f'<h2>Children: {children["total"]}</h2>\n<ul>\n')
        parts += [
            f'<li>{_link(paths.join(path, each["name"]), each["name"], root)}'
            f'{_note(each)}</li>\n' for each in children['children']]
        parts.append('</ul>\n')
        if children['next'] is not None:
            parts.append(
                f'<p><a href="{escape(_address(path, root))}?after='
                f'{escape(quote(children["next"], safe=""))}">More</a></p>\n')
    return page(path, ''.join(parts), root)


def _way(path: str, root: str) -> str:
    """Return links to a node and to those above it."""
    way: list[str] = []
    while path != '/' and len(way) < MOST_ABOVE:
        above, name = paths.split(path)
        way.append(_link(path, name, root))
        path = above
    return ' / '.join([_link('/', 'root', root), *(
        ['...'] if path != '/' else []), *reversed(way)])


def _address(path: str, root: str) -> str:
    return f'{root}plain{quote(path)}'


def _link(path: str, text: str, root: str) -> str:
    return f'<a href="{escape(_address(path, root))}">{_text(text)}</a>'


def _led(link: dict[str, Any], root: str) -> str:
    target = _text(link['target'])
    if 'error' in link:
        return f'{target} ({_text(link["error"])})'
    return _link(link['steps'][-1], link['target'], root)


def _note(child: dict[str, Any]) -> str:
    notes = [text for text in (
        child['type'], 'ephemeral' if child['ephemeral'] else None,
        f'children: {child["children"]}' if child['children'] else None)
        if text]
    return f' ({_text(", ".join(notes))})' if notes else ''


def _value(value: Any) -> str:
    if value == {'hidden': True}:
        return '<em>hidden</em>'
    return f'<code>{_text(json.dumps(value, ensure_ascii=False))}</code>'


def _text(text: Any) -> str:
    # A lone surrogate has no form in UTF-8, and others turn text around.
    return escape(printable(text))
