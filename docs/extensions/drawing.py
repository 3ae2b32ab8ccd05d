"""A picture of who tells whom what, drawn from text.  Pure.

Each line of the text is one of::

    server, ZooKeeper, client       who takes part, from left to right
    server -> ZooKeeper: create     a message
    server .. the process ends      a remark about one who takes part
    -- within 10 seconds            a remark about all, across the picture

The picture is SVG; ``site.css`` gives it the colours of the page.
"""
from __future__ import annotations

import html
import re
import textwrap
from typing import NamedTuple


MESSAGE = re.compile(r'(.+?) -> (.+?): (.+)')
REMARK = re.compile(r'(.+?) \.\. (.+)')
COLUMN = 230
MARGIN = 110
TOP = 34
# Height of a line of text; a row is two lines higher than its text.
LINE = 15


class Row(NamedTuple):
    """A line of the text: from whom, to whom, and what."""

    first: int
    last: int
    says: list[str]


def parse(lines: list[str]) -> tuple[list[str], list[Row]]:
    """Return who takes part, and the rows.

    :raises ValueError: names the line that is not understood
    """
    who = [name.strip() for name in lines[0].split(',')]
    rows = []
    for line in lines[1:]:
        if line.startswith('-- '):
            rows.append(Row(0, -1, [line[3:]]))
            continue
        found = MESSAGE.fullmatch(line) or REMARK.fullmatch(line)
        if found is None:
            raise ValueError(f'not understood: {line}')
        *names, says = found.groups()
        strange = [name for name in names if name not in who]
        if strange:
            raise ValueError(f'{strange[0]} is not one of {who}')
        ends = [who.index(name) for name in names]
        width = 30 * max(1, abs(ends[-1] - ends[0]))
        rows.append(Row(ends[0], ends[-1], textwrap.wrap(says, width)))
    return who, rows


def text(x: float, y: float, lines: list[str], kind: str = '') -> str:
    spans = ''.join(
        f'<tspan x="{x:g}" y="{y + number * LINE:g}">'
        f'{html.escape(line)}</tspan>'
        for number, line in enumerate(lines))
    return f'<text class="{kind}">{spans}</text>'


def draw(lines: list[str], title: str) -> str:
    """Return the picture.

    :param lines: the content of the directive
    :param title: what it shows, for those who do not see it
    """
    who, rows = parse(lines)
    places = [MARGIN + COLUMN * number for number in range(len(who))]
    width = places[-1] + MARGIN
    parts = []
    y = float(TOP + 14)
    for first, last, says in rows:
        y += LINE * (len(says) + 1)
        above = y - LINE * (len(says) - 1) - 6
        if last == -1:
            parts.append(f'<path class="cut" d="M8 {y:g} H{width - 8}"/>')
            parts.append(text(width / 2, above, says, 'all'))
        elif first == last:
            parts.append(text(places[first], above + 4, says, 'remark'))
        else:
            start, end = places[first], places[last]
            head = end - 7 if end > start else end + 7
            parts.append(
                f'<path d="M{start} {y:g} H{end}"/>'
                f'<path class="head" d="M{end} {y:g} L{head} {y - 4:g} '
                f'V{y + 4:g} Z"/>')
            parts.append(text((start + end) / 2, above, says))
    height = y + 22
    columns = ''.join(
        f'<path class="life" d="M{x} {TOP} V{height - 4:g}"/>'
        f'<rect x="{x - 75}" y="4" width="150" height="{TOP - 4}" rx="5"/>'
        + text(x, 24, [name], 'who') for x, name in zip(
            places, who, strict=True))
    return (
        f'<svg class="sequence" xmlns="http://www.w3.org/2000/svg" '
        f'role="img" viewBox="0 0 {width} {height:g}" '
        f'style="max-width: {width}px">'
        f'<title>{html.escape(title)}</title>'
        f'{columns}{"".join(parts)}</svg>')
