"""The loggers, under the names that zc.async 1.5 gave them.

Pure: any thread may use them.
"""
from __future__ import annotations

import logging


__all__ = ['log', 'tracelog']

#: What an operator should see.
log = logging.getLogger('zc.async.events')
#: The life of each job.
tracelog = logging.getLogger('zc.async.trace')
