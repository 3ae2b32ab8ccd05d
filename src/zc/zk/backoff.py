"""Growing delays, for programs that try again until ZooKeeper answers.

A door: it only hands names on.
"""
from __future__ import annotations

from ._worker.backoff import Backoff


__all__ = ['Backoff']
