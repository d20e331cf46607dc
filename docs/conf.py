"""Sphinx with MyST: the documentation is Markdown that also reads well where it lies."""

from __future__ import annotations

import cauce

project = "Cauce"
author = "The Cauce authors"
copyright = "2026, the Cauce authors"
version = release = cauce.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nitpicky = True
language = "en"
locale_dirs = ["locale"]

html_theme = "pydata_sphinx_theme"
html_title = "Cauce"
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "navigation_with_keys": False}
