"""The Polars form of each node."""
