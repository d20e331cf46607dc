"""The Python form of each node."""
