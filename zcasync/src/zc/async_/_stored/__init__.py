"""What the persistent classes are made of.

A persistent object belongs to the thread that opened its connection: that
thread runs what is here.
"""
