"""Decisions about text tables: what a sample of bytes or all the cells of a column say. No file is opened."""
