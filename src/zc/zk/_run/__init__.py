"""The launcher: runs any server, and registers the address it serves at.

`command.run` is the only way in.
"""
