"""How a job is performed: its call, its commits, the fence around them."""
