"""Candidates for the model, how they are judged on folds, and which of them is chosen."""
