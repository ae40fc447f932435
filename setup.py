"""Makes the description that package indexes show; the rest is in setup.cfg.

Outside the repository, relative links lead nowhere and pictures are missing. So
the description is README.md without its pictures and their captions, and names
files where README.md links to them.
"""

import pathlib
import re

README = pathlib.Path(__file__).parent / "README.md"

_PICTURE_WITH_CAPTION = r"!\[[^\]]*\]\([^)]*\)\n(\n\*[^*].*?\*\n(?=\n))?\n"
_LINK_TO_FILE = r"(?<!!)\[([^\]]*)\]\((?!\w+://)([^)]*)\)"


def description(readme: str) -> str:
  """Returns the Markdown of a README for readers who have no repository."""
  text = re.sub(_PICTURE_WITH_CAPTION, "", readme, flags=re.DOTALL)
  return re.sub(_LINK_TO_FILE, _name_of_file, text)


def _name_of_file(link: re.Match[str]) -> str:
  text, path = link.groups()
  return path if text == path else f"{text} ({path})"


if __name__ == "__main__":  # a build; tests import this file
  import setuptools

  setuptools.setup(
    long_description=description(README.read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
  )
