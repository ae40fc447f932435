"""The shell commands of the pages exist, and so do their flags; none is run."""

import importlib
import pathlib
import re
import shlex

import pytest
from absl import flags
from absl.testing import flagsaver

from cascade_jax.commands.arguments import with_config_paths

PAGES = ["README.md", *map(str, sorted(pathlib.Path("docs").rglob("*.md")))]
COMMAND = re.compile(r"python -m experiments\.(\w+) ((?:.*\\\n)*[^;\n`#]*)")
PLACEHOLDER = re.compile(r"\$|:NAME|\[")  # of a loop, or of the reader


def commands(page):
  """The name and the arguments of each command in the blocks of a page."""
  text = pathlib.Path(page).read_text(encoding="utf-8")
  for block in re.findall(r"(?:^ {4,}.*\n)+", text, re.MULTILINE):
    for name, arguments in COMMAND.findall(block):
      if not PLACEHOLDER.search(arguments):
        yield name, shlex.split(arguments.replace("\\\n", ""))


# The way in which ml_collections reads a config file.
@pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")
@pytest.mark.parametrize(
  ("name", "arguments"),
  [
    pytest.param(*command, id=f"{page}-{number}")
    for page in PAGES
    for number, command in enumerate(commands(page), 1)
  ],
)
def test_commands_and_their_flags_exist(name, arguments, monkeypatch):
  assert pathlib.Path(f"experiments/{name}.py").exists()
  command = importlib.import_module(f"cascade_jax.commands.{name}")
  argv = [name, *with_config_paths(arguments)]
  monkeypatch.setattr("sys.argv", argv)  # where --config.KEY is looked for
  with flagsaver.flagsaver():  # takes the flags away again
    command.define_flags()
    flags.FLAGS(argv)
