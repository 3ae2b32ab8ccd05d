"""Names of Python: links from signatures, and no public name is forgotten.

The directive ``doors`` describes the public modules of a distribution that no
page below ``docs/reference`` names.
"""
from __future__ import annotations

import importlib
import pathlib
import re
from collections.abc import Iterator

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from zc.zk.tests.sources import modules


LOGGER = logging.getLogger(__name__)
REFERENCE = pathlib.Path(__file__).parents[1] / 'reference'
NAMED = re.compile(r'^\.\. (?:automodule|interfaces):: (\S+)$', re.MULTILINE)


def here(name: str) -> bool:
    """Tell whether a module is a public one; zc.async is zc.async_."""
    parts = name.split('.')
    return 'async' not in parts and not any(
        part.startswith('_') for part in parts)


def public() -> Iterator[tuple[str, str]]:
    """Yield module and name of all that the distributions offer."""
    for module in modules():
        if here(module.name):
            there = importlib.import_module(module.name)
            for name in getattr(there, '__all__', ()):
                yield module.name, name


def unnamed(distribution: str) -> list[str]:
    """Return the public modules of a distribution that no page names."""
    named = {name for page in REFERENCE.glob('*.rst')
             for name in NAMED.findall(page.read_text(encoding='utf-8'))}
    found = dict.fromkeys(module for module, _ in public())
    return [name for name in found
            if f'{name}.'.startswith(f'{distribution}.')
            and name not in named]


def described(module: str) -> list[str]:
    """Return directives for a module; autodoc drops data without words."""
    there = importlib.import_module(module)
    data = {name: getattr(there, name) for name in there.__all__
            if not callable(getattr(there, name))}
    lines = [f'.. automodule:: {module}',
             f'   :exclude-members: {", ".join(data)}', '']
    for name, value in data.items():
        lines.append(f'.. py:data:: {name}')
        if isinstance(value, (str, int, float)):
            lines.append(f'   :value: {value!r}')
        lines.append('')
    return lines


class Doors(SphinxDirective):
    """The modules of a distribution that no page names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        found: list[nodes.Node] = []
        for name in unnamed(self.arguments[0]):
            section = nodes.section(ids=[f'door-{nodes.make_id(name)}'])
            section += nodes.title(text=name)
            self.state.nested_parse(
                StringList(described(name), source=name), 0, section)
            found.append(section)
        return found


def complete(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each public name that no page describes."""
    objects = env.domains['py'].objects
    for module, name in public():
        if f'{module}.{name}' not in objects:
            LOGGER.warning(
                '%s.%s is in no page below docs/reference', module, name)


def unambiguous(app: Sphinx, doctree: nodes.document) -> None:
    """Have a docstring's names lead to zc.zk, which several modules share."""
    known = set(public())
    for node in doctree.findall(addnodes.pending_xref):
        name = node.get('reftarget')
        if (node.get('refdomain') == 'py' and ('zc.zk', name) in known
                and (node.get('py:module'), name) not in known):
            node['reftarget'] = f'zc.zk.{name}'


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref,
    content: nodes.TextElement,
) -> nodes.Element | None:
    """Find what a signature names; names of other projects stay text.

    A signature names a class by the private module that it is in, or by a
    name that only a type checker resolves.  What the text of a page refers
    to must be there: this is not asked.
    """
    if node.get('refdomain') != 'py':
        return None
    above = node.parent
    while above is not None and not isinstance(above, addnodes.desc):
        above = above.parent
    if above is None:
        return None
    domain = env.domains['py']
    name = node['reftarget'].rpartition('.')[2]
    known = [f'{module}.{name}' for module in (
        'zc.zk', 'zc.zk.testing', 'zc.zkzopeserver', 'zc.async_.interfaces',
        'zc.async_.job', 'zc.async_.queue')
        if f'{module}.{name}' in domain.objects]
    if not known:
        return content
    entry = domain.objects[known[0]]
    return nodes.reference(
        '', '', content, internal=True, reftitle=known[0],
        refuri=app.builder.get_relative_uri(node['refdoc'], entry.docname)
        + '#' + entry.node_id)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive('doors', Doors)
    app.connect('doctree-read', unambiguous)
    app.connect('env-check-consistency', complete)
    app.connect('missing-reference', resolve)
    return {'parallel_read_safe': True}
