"""Choosing whom to talk to, of all the servers that are registered.

From the bottom up: `rules` names every default; `provider` reads what a
server wrote; `pool` and `rendezvous` pick; `ejection` and `hold` decide
whom to leave out and whom to keep; `balancer` composes these.  All of that
is pure: the clock and the random source are arguments.
"""
