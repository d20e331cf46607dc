"""Judging candidates on folds: what is read once for all of them, what is kept, and who is chosen."""
