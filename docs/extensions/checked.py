"""Each link inside the site leads to a page, and to a place in it.

Sphinx checks what pages refer to.  This looks at what it wrote.
"""
from __future__ import annotations

import html
import pathlib
import re
import urllib.parse

from sphinx.application import Sphinx
from sphinx.errors import SphinxError


LINK = re.compile(r'\bhref="([^"]+)"')
PLACE = re.compile(r'\bid="([^"]+)"')
ELSEWHERE = re.compile(r'[a-z]+:')


def broken(page: pathlib.Path, places: dict[pathlib.Path, set[str]]) -> list[
        str]:
    """Return the links of a page that lead nowhere.

    :param places: the places of the pages that were looked at
    """
    found = []
    for link in set(LINK.findall(page.read_text(encoding='utf-8'))):
        address, _, place = html.unescape(link).partition('#')
        if ELSEWHERE.match(address):
            continue
        path = urllib.parse.unquote(address.partition('?')[0])
        file = (page.parent / path).resolve() if path else page
        if not file.is_file():
            found.append(link)
        elif place and file.suffix == '.html':
            if file not in places:
                places[file] = set(PLACE.findall(
                    file.read_text(encoding='utf-8')))
            if place not in places[file]:
                found.append(link)
    return found


def check(app: Sphinx, error: Exception | None) -> None:
    """Look at all pages that were made."""
    if error is not None or app.builder.format != 'html':
        return
    places: dict[pathlib.Path, set[str]] = {}
    for name in sorted(app.env.found_docs):
        page = pathlib.Path(app.outdir, f'{name}.html').resolve()
        for link in broken(page, places):
            raise SphinxError(f'{name}: the link {link} leads nowhere')


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect('build-finished', check)
    return {'parallel_read_safe': True}
