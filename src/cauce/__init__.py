"""Cauce: a table to a monitored model in production, with the same numbers everywhere."""

__version__ = "0.1.0.dev0"
