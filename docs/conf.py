"""Sphinx configuration: `make docs` builds the site into docs/_build/html."""

import sys
from pathlib import Path

import csrecover

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import demo_pages  # noqa: E402

project = "csrecover"
author = "The csrecover developers"
copyright = author
release = version = csrecover.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx_gallery.gen_gallery",
    "numpydoc",
    "myst_parser",
    "plain_text",
    "tables",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore_regex = [("py:obj", ".*")]  # a word in single backticks is a link where it is a name, and code elsewhere
default_role = "py:obj"

autodoc_typehints = "none"
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autosummary_generate = True
numpydoc_show_class_members = False
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": str(demo_pages.staged(HERE.parent / "demos", HERE / "_build" / "demos")),
    "gallery_dirs": "gallery",
    "filename_pattern": demo_pages.runnable(HERE.parent / "demos"),
    "image_scrapers": (demo_pages.written_figures,),
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("csrecover",),
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
}
suppress_warnings = ["config.cache"]  # the scraper is a function

html_theme = "furo"
html_title = "csrecover"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_show_sourcelink = False
html_copy_source = False
