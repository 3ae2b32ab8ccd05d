"""The command lines: a module for each command, and what they share.

`zc.zk.scripts` is the door.
"""
