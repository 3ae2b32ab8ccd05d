"""The doctor: joins what the registry says with what is true.

``examine`` gathers the facts and has the rules judge them.  The rules, in
`rules`, are pure: facts in, findings out.
"""
from __future__ import annotations

from .examination import Report
from .examination import examine
from .examination import examine_servers
from .rules.finding import Finding
from .rules.finding import Level


__all__ = ['Finding', 'Level', 'Report', 'examine', 'examine_servers']
