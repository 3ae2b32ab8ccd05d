"""What is a fault and what is none: facts in, findings out.

Pure.  The times, addresses and answers that rules judge are arguments.
"""
