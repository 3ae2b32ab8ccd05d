"""The command that runs the server for a desk.

Runs in the main thread.
"""
from __future__ import annotations

from .._commands.call import Call
from .._commands.command import command


@command('zczk server', failed=2, optional=True)
def server(call: Call) -> int:
    """Serve until a signal comes."""
    from ..testing import __main__ as desk
    status = desk.serve(call.parse(desk.parser(call.name)), call.name)
    return 2 if status else 0
