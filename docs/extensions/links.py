"""Links between pages that also work where there is no site.

A page names another one as text, ``docs/http.rst``, or links to its file,
since it is read in a checkout and on the package index as well.  Here both
become links to the page; a name that leads nowhere is a warning.  Lists of
contents in pages are dropped: the theme has its own.  Literal blocks without a
language are Python if they are.
"""
from __future__ import annotations

import ast
import os
import pathlib
import re

from documents import DOCUMENT
from documents import ROOT
from documents import target
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging


LOGGER = logging.getLogger(__name__)
INCLUDE = re.compile(r'^\.\. include:: (\S+\.rst)$', re.MULTILINE)
REPOSITORY = 'https://github.com/zopefoundation/zc.zk/blob/main/'


def pages(env: BuildEnvironment) -> dict[str, str]:
    """Return which page shows a file; files are named by their real paths."""
    found: dict[str, str] = {}
    for name in sorted(env.found_docs):
        path = pathlib.Path(env.doc2path(name))
        found[os.path.realpath(path)] = name
        # A page may consist of a file of another distribution.
        for other in INCLUDE.findall(path.read_text(encoding='utf-8')):
            found.setdefault(os.path.realpath(path.parent / other), name)
    return found


def language(text: str) -> str:
    """Return the language of a literal block."""
    if text.startswith('>>>'):
        return 'pycon'
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return 'text'
    prose = len(body) == 1 and isinstance(
        getattr(body[0], 'value', None), (ast.Name, ast.Constant))
    return 'text' if prose else 'python'


def highlight(app: Sphinx, doctree: nodes.document) -> None:
    """Name the languages of literal blocks."""
    for node in doctree.findall(nodes.literal_block):
        if node.get('language', 'default') == 'default':
            node['language'] = language(node.astext())


def link(app: Sphinx, doctree: nodes.document) -> None:
    """Make links of what names documents."""
    env = app.env
    shown = pages(env)
    here = env.docname
    for topic in list(doctree.findall(nodes.topic)):
        if 'contents' in topic['classes']:
            topic.parent.remove(topic)
            for title in doctree.findall(nodes.title):
                # A title links back to the contents that listed it.
                title.attributes.pop('refid', None)
    for node in list(doctree.findall(nodes.Element)):
        if isinstance(node, nodes.reference):
            name = node.get('refuri', '')
        elif isinstance(node, nodes.literal) and not isinstance(
                node.parent, nodes.reference):
            name = node.astext()
        else:
            continue
        if not DOCUMENT.fullmatch(name):
            continue
        file = target(name, pathlib.Path(
            source(node) or env.doc2path(here)))
        if file is None:
            if isinstance(node, nodes.reference):
                LOGGER.warning('no document %s', name, location=node)
            continue
        replace(node, shown.get(str(file)), file, here)


def source(node: nodes.Node) -> str | None:
    """Return the file that a node is from, which a page may include."""
    above: nodes.Node | None = node
    while above is not None:
        if above.source and above.source.endswith('.rst'):
            return above.source
        above = above.parent
    return None


def replace(
    node: nodes.Element, page: str | None, file: pathlib.Path, here: str,
) -> None:
    """Put a link to a page, or to a file in the repository."""
    if page == here:
        return
    if page is None:
        new: nodes.Element = nodes.reference(
            '', '', refuri=REPOSITORY + str(file.relative_to(ROOT)))
        new += node.deepcopy() if isinstance(
            node, nodes.literal) else node.children
    else:
        said = isinstance(node, nodes.reference)
        new = addnodes.pending_xref(
            '', refdomain='std', reftype='doc', reftarget='/' + page,
            refexplicit=said, refwarn=True, refdoc=here)
        new += nodes.inline(
            '', node.astext() if said else '', classes=['xref', 'std-doc'])
    node.replace_self(new)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect('doctree-read', link)
    app.connect('doctree-read', highlight)
    return {'parallel_read_safe': True}
