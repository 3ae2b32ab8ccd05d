"""What the persistent classes are made of."""
