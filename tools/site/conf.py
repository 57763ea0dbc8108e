"""Sphinx: what `generate.py` has written, as a site."""

project = "Polystate"
author = "The Polystate authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["attrs_inline", "attrs_block", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Polystate"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
suppress_warnings = ["myst.header", "misc.highlighting_failure", "toc.not_included"]
nitpicky = False
