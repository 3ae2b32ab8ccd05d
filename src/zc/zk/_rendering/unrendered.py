"""Why a template gives no text.

Pure.  It must not know templates: who asks may have no Jinja2.
"""
from __future__ import annotations

from .._commands.streams import Failure


class Unrendered(Failure):
    """A template cannot be rendered; its text names the file and line.

    :param passing: whether a change in the tree may mend it
    """

    def __init__(self, text: str, passing: bool) -> None:
        super().__init__(text)
        self.passing = passing
