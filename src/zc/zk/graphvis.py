"""A picture of a system: its services and their links, for Graphviz.

A door: it only hands names on.
"""
from ._tree.graph import dump_edges
from ._tree.graph import get_edges
from ._tree.graph import get_services
from ._tree.graph import graph_lines


__all__ = [
    'dump_edges',
    'get_edges',
    'get_services',
    'graph_lines',
]
