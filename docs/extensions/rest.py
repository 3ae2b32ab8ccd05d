"""The directive ``rest``: contents with all pages that no other page lists.

So a new page is in the contents before somebody has found its place there.
"""
from __future__ import annotations

import pathlib

from documents import DOCS
from documents import listed
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.directives.other import TocTree


class Rest(TocTree):
    """A toctree without content of its own."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        known = {path for page in DOCS.rglob('*.rst')
                 for path in listed(page)}
        left = [page for page in sorted(DOCS.rglob('*.rst'))
                if page not in known and page != DOCS / 'index.rst']
        if not left:
            return []
        self.content = StringList(
            ['/' + str(pathlib.PurePath(page.relative_to(DOCS)).with_suffix(
                '')) for page in left], source='rest')
        # The next build looks again, even if this page is as it was.
        self.env.note_reread()
        return super().run()


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive('rest', Rest)
    return {'parallel_read_safe': True}
