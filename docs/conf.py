"""The settings of the documentation site, which `make docs` builds."""

import pathlib
import re
import sys

from sphinx.application import Sphinx

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER))  # for docstrings.py
sys.path.insert(0, str(FOLDER.parent))  # the package as it is here

import cascade_jax  # noqa: E402

project = "cascade_jax"
release = cascade_jax.__version__
extensions = [
  "docstrings",
  "myst_parser",
  "sphinx.ext.autodoc",
  "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

html_theme = "furo"
html_title = "cascade_jax"
html_copy_source = False
html_show_copyright = False

# Indented blocks are shell commands, formulas and file names.
highlight_language = "text"
myst_heading_anchors = 3  # as on GitHub, #like-this

# Docstrings name code as Markdown does, in single backticks.
default_role = "code"
# A list of attributes, not an entry for each.
napoleon_custom_sections = [("Attributes", "params_style")]
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"


def setup(app: Sphinx) -> None:
  """Leads links to files outside this folder to the pages that show them."""
  app.connect("source-read", _link_pages)


def _link_pages(app: Sphinx, name: str, content: list[str]) -> None:
  for file, page in (("BUILD", "building"), ("SECURITY", "security")):
    link = rf"\]\((\.\./)+{file}\.md"
    content[0] = re.sub(link, f"](/{page}.md", content[0])
