"""How the text of a tree ends, so that a part is not taken for the whole.

Pure.  An import that trims deletes what its text does not have, so half a
text must not look like a whole one.  Comments mark the end of an export; a
line that no parser takes marks where an export had to stop.
"""
from __future__ import annotations


#: The last line of a whole export that goes into a pipe.
WHOLE = '# end of tree'
#: The last line of an export that left nodes out.
PARTIAL = '# end of tree, without the nodes that text cannot describe'
#: Where an export failed half way.  Not a comment: an import of any version
#: refuses it.
STOPPED = '!!! incomplete: the export stopped here'

#: More than the longest of these lines and some blank lines after it.
_TAIL = 1_000


def doubt(text: str, piped: bool) -> str:
    """Return why a text is not safe to trim by, or the empty string.

    :param piped: whether it came from a pipe, whose other end may have
        failed
    """
    last = text[-_TAIL:].rstrip().rpartition('\n')[2].strip()
    if last == PARTIAL:
        return ('the export left nodes out, and --trim would delete them: '
                'use zookeeper_delete, or remove the last line of the text')
    if piped and last != WHOLE:
        return (f'the text does not end with the line {WHOLE!r}, so a part '
                'of it may be missing: add the line, or import from a file '
                '(--trim needs it in text from a pipe)')
    return ''
