"""The templates that come with this package.

Runs in a script's main thread.  It must not know how templates are rendered.
"""
from __future__ import annotations

import pathlib

from .._commands.streams import Failure


#: What the name of a template of ours begins with.
MARK = '@'
#: How the names of their files end.
SUFFIX = '.j2'
DIRECTORY = pathlib.Path(__file__).parent / 'shipped'


def names() -> list[str]:
    """Return the names of our templates, each with its mark."""
    return sorted(MARK + each.name.removesuffix(SUFFIX)
                  for each in DIRECTORY.glob('*' + SUFFIX))


def file_of(name: str) -> pathlib.Path:
    """Return the file of a template.

    :param name: of the file, or of one of ours
    :raises Failure: when we have none of this name
    """
    if not name.startswith(MARK):
        return pathlib.Path(name).resolve()
    if name not in names():
        raise Failure(f'there is no template {name}; there are '
                      f'{", ".join(names())}')
    return DIRECTORY / (name[len(MARK):] + SUFFIX)
