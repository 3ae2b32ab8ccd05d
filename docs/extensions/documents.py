"""Which documents a text means, and which it lists.  Reads files only."""
from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator


ROOT = pathlib.Path(__file__).parents[2].resolve()
DOCS = ROOT / 'docs'
#: The whole of a text that names a document.
DOCUMENT = re.compile(r'(?:[\w.-]+/)*[\w-]+\.rst')
#: Contents: the lines of its options, and those of its entries.
TOCTREE = re.compile(
    r'^\.\. toctree::\n((?:   +:[^\n]*\n)*)\n((?:   +[^\n]+\n|\n)*)',
    re.MULTILINE)


def target(document: str, source: pathlib.Path) -> pathlib.Path | None:
    """Return the file that a page means, or None if there is none.

    :param document: as the page names it
    :param source: the file of the page
    """
    source = source.resolve()
    for folder in source.parent, *source.parent.parents:
        if (folder / document).is_file():
            return (folder / document).resolve()
        if folder == ROOT:
            break
    return None


def listed(page: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield the files that a page has in its contents."""
    for _, names in TOCTREE.findall(page.read_text(encoding='utf-8')):
        for name in names.split():
            yield (page.parent / f'{name}.rst').resolve()
