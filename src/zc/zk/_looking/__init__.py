"""Commands that look at a live tree and change nothing."""
