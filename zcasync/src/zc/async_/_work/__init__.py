"""How a dispatcher works: its place in a queue, threads, signals, records."""
