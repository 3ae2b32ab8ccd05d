"""Whether a server works: checks, what follows from them, what nodes say.

`zc.zk.checks` is the door for other distributions.
"""
