"""The words of a tree's text, for those who read it and those who write it.

Pure: patterns and what they are made of.  docs/tree-format.rst describes
the text.  A pattern for the usual case takes less than the text allows: what
it does not match is looked at part by part.  It must not know what a line
means.
"""
from __future__ import annotations

import re

from .model import LINK
from .model import PROPERTY_LINK


#: Words that are values.
WORDS = {'True': True, 'False': False, 'None': None}

# Parts of the patterns below

#: A node's name that needs no quotes: letters, digits, ``_.:~@+-``.
_NAME = r'[A-Za-z0-9_.:~@+-]+'
#: An integer of so many digits that it cannot be too long.
INTEGER = r'-?(?:0|[1-9][0-9]{0,17})'
#: A string without a backslash.
STRING = r"""u?'[^'\\\r\n\0]*'|u?"[^"\\\r\n\0]*\""""
#: A string with escapes.
_ESCAPED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
#: A property's name that needs no quotes.
_KEY = r'(?:(?!->)[^\s=])+'
#: A type after a node's name.
_TYPE = r'(?:\s*:\s*(?P<type>\S.*))?'

# Reading.  One match a line; what the usual lines are not goes to the last
# group: blanks, name, type; key, value; link, target; other.

lines = re.compile(rf'''
    ([ ]*|\t*)
    (?:
      /(?!\.\.?[\s])({_NAME})
      (?:[ ]:[ ](\S(?:[^\n]*\S)?))?
    |
      ([A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*)[ ]*
      (?:
        =[ ]*
        (
          {INTEGER}(?:\.[0-9]{{1,18}}(?:e[+-]?[0-9]{{1,2}})?)?
        | {STRING}
        | True|False|None
        )
      |
        ([=-]>)[ ]*([^\s\0]+)
      )
    )
    [ \r]*\n
    |
    ([^\n]*)\n
''', re.VERBOSE).findall
node = re.compile(r'/(?P<name>\S+)' + _TYPE, re.S).fullmatch
type_after_quoted = re.compile(_TYPE, re.S).fullmatch
string = re.compile(_ESCAPED, re.S).match
key = re.compile(_KEY).match
operator = re.compile(r'\s*(=>|->|=)\s*').match
#: A property link in an export of zc.zk 2.1, which took it for a property.
old_link = re.compile(
    r'''=\s+u?(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")''',
    re.S).fullmatch

# Writing: what needs no quotes

#: A node's name that any reader takes, in a path too.
usual_name = re.compile(r'(?!\.)' + _NAME).fullmatch
plain_name = re.compile(r'''[^\s'"]\S*''').fullmatch
#: A property's name of which nothing else has to be known.
usual_key = re.compile(r'[A-Za-z0-9_]+').fullmatch
plain_key = re.compile(r'''(?!['"/#])''' + _KEY).fullmatch
plain_type = re.compile(r'\S(?:.*\S)?').fullmatch
plain_target = {
    LINK: re.compile(r'\S+').fullmatch,
    # What begins with an equals sign may look like a link of zc.zk 2.1.
    PROPERTY_LINK: re.compile(r'(?!= )\S+(?: +\S+)?').fullmatch,
}
