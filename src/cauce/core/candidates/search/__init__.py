"""Searches: what asks for candidates, in rounds, and learns from what came of them."""
