"""zc.async: transactional jobs in a ZODB, done by many processes.

`local` is what a running job can ask and say.

A door: it only hands names on.
"""
from __future__ import annotations

from .adapters import connection
from .adapters import transactionManager
from .threadlocal import Local
from .threadlocal import local


__all__ = ['Local', 'connection', 'local', 'transactionManager']
