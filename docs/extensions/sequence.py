"""The directive ``sequence``: a picture, drawn from its content.

The argument says what the picture shows; ``drawing`` says what the content
may be.
"""
from __future__ import annotations

from docutils import nodes
from drawing import draw
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Sequence(SphinxDirective):
    """A figure with the picture and its title."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        [title] = self.arguments
        title = ' '.join(title.split())
        try:
            picture = draw([line for line in self.content if line], title)
        except ValueError as error:
            raise self.error(str(error)) from error
        figure = nodes.figure('', nodes.raw('', picture, format='html'))
        figure += nodes.caption('', title)
        return [figure]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive('sequence', Sequence)
    return {'parallel_read_safe': True}
