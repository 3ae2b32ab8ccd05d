"""The directive ``interfaces``: a module with interfaces of zope.interface.

autodoc takes them for plain data, and shows neither methods nor attributes.
"""
from __future__ import annotations

import importlib
import inspect

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from zope.interface.interface import InterfaceClass
from zope.interface.interface import Method


def documented(text: str | None, indent: str) -> list[str]:
    lines = inspect.cleandoc(text or '').splitlines()
    return ['', *(indent + line for line in lines), '']


def described(module: str, name: str, interface: InterfaceClass) -> list[str]:
    """Return the lines for an interface, its attributes and its methods."""
    lines = [f'.. py:class:: {name}', f'   :module: {module}']
    lines += documented(interface.__doc__, '   ')
    bases = [base for base in interface.__bases__
             if base.__name__ != 'Interface']
    if bases:
        lines += ['   Extends ' + ', '.join(
            f'``{base.__name__}``' for base in bases) + '.', '']
    for inner, each in sorted(interface.namesAndDescriptions()):
        if isinstance(each, Method):
            lines.append(f'   .. py:method:: {inner}'
                         f'{each.getSignatureString()}')
        else:
            lines.append(f'   .. py:attribute:: {inner}')
        lines.append(f'      :module: {module}')
        lines += documented(each.__doc__, '      ')
    return lines


class Interfaces(SphinxDirective):
    """The public names of a module, in the order of its ``__all__``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        [name] = self.arguments
        module = importlib.import_module(name)
        lines = [f'.. py:module:: {name}', '',
                 *inspect.cleandoc(module.__doc__ or '').splitlines(), '']
        for each in module.__all__:
            value = getattr(module, each)
            if isinstance(value, InterfaceClass):
                lines += described(name, each, value)
            elif inspect.isclass(value):
                lines += [f'.. autoclass:: {name}.{each}',
                          '   :members:', '']
            else:
                lines += [f'.. autodata:: {name}.{each}', '']
        content = StringList(
            lines, source=inspect.getsourcefile(module) or name)
        node = nodes.Element()
        self.state.nested_parse(content, 0, node)
        return node.children


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive('interfaces', Interfaces)
    return {'parallel_read_safe': True}
