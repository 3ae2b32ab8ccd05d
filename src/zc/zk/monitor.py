"""Look into a running process: which servers it has, and how they are.

A door: it only hands names on.
"""
from ._monitor.ask import check
from ._monitor.ask import get_addr
from ._monitor.plugin import IMonitorPlugin
from ._monitor.plugin import Writer
from ._monitor.plugin import commands
from ._monitor.plugin import connection
from ._monitor.plugin import forget_check
from ._monitor.plugin import health
from ._monitor.plugin import help
from ._monitor.plugin import interactive
from ._monitor.plugin import notify
from ._monitor.plugin import observe
from ._monitor.plugin import observe_check
from ._monitor.plugin import quit
from ._monitor.plugin import register
from ._monitor.plugin import servers
from ._monitor.plugin import start
from ._monitor.plugin import stop
from ._monitor.plugin import threads


__all__ = [
    'IMonitorPlugin',
    'Writer',
    'check',
    'commands',
    'connection',
    'forget_check',
    'get_addr',
    'health',
    'help',
    'interactive',
    'notify',
    'observe',
    'observe_check',
    'quit',
    'register',
    'servers',
    'start',
    'stop',
    'threads',
]
