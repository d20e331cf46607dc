"""Plots of an evaluation as PNG files; matplotlib is imported when the first one is drawn."""

from cauce.running.plots.rendering import render

__all__ = ["render"]
