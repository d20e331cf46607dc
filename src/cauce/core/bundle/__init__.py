"""The bundle: a model as a folder of checked files, without code, and how it scores."""
