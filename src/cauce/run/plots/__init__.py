"""Plots of an evaluation as PNG files; matplotlib is imported when the first one is drawn."""

from cauce.run.plots.rendering import render

__all__ = ["render"]
