"""Live trees: read, written, walked and deleted.

Runs in its caller's thread.  Plans come from _plan; requests go through a
Bulk.  It must not know ZooKeeper objects, links or registrations.
"""
from __future__ import annotations
