"""Why do clients not see a server?  The examination of ``zczk doctor``.

``examine(zk, path)`` compares what is registered with what is true, and
returns a list of findings.

A door: it only hands names on.
"""
from __future__ import annotations

from ._doctor import Finding
from ._doctor import Level
from ._doctor import Report
from ._doctor import examine
from ._doctor import examine_servers


__all__ = ['Finding', 'Level', 'Report', 'examine', 'examine_servers']
