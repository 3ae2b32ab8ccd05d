"""Looking into a running process: the server, its commands, who asks it.

`zc.zk.monitor` is the door.
"""
