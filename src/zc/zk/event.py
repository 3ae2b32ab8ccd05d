"""Where events of this package are sent.

``notify`` is ``zope.event.notify``: an application may replace it.
"""
from zope.event import notify


__all__ = ['notify']
