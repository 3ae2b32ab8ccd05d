"""A page of the live tree: documents for it, its stream, and its guards.

`zc.zk.web` is the door.
"""
