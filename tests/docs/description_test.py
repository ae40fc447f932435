"""The description that package indexes show, which is made of README.md."""

import email
import pathlib
import re
import runpy
import shutil
import subprocess
import sys

import pytest

README = pathlib.Path("README.md").read_text(encoding="utf-8")
TARGET = re.compile(r"\]\(([^)]*)\)|(?:src|href)=\"([^\"]*)\"")
PICTURE = re.compile(r"!\[|<img")


@pytest.fixture(scope="module")
def describe():
  return runpy.run_path("setup.py")["description"]


def check_it_stands_alone(text):
  """Fails on a picture, and on a link that leads into the repository."""
  assert not PICTURE.search(text)
  targets = ["".join(groups) for groups in TARGET.findall(text)]
  assert targets and all(each.startswith("https://") for each in targets)


def test_the_readme_itself_would_not_do():
  with pytest.raises(AssertionError):
    check_it_stands_alone(README)


def test_it_is_the_readme_without_pictures_and_with_names_of_files(describe):
  text = describe(README)
  check_it_stands_alone(text)
  blocks = re.compile(r"```.*?```|^ {4}.*?$|^#.*?$", re.DOTALL | re.MULTILINE)
  assert blocks.findall(text) == blocks.findall(README)
  assert "- docs/method.md: the method explained" in text
  assert "your model (docs/tutorials/your_model.md), your sweep (" in text
  assert "CascadeVAE by our recipe" not in text  # the caption of the picture
  assert "\n\n\n" not in text


def test_links_to_addresses_stay_and_a_text_of_two_lines_is_a_link(describe):
  text = "See [a\nfile](docs/a.md#part) and [it](https://example.org/a)."
  assert describe(text) == (
    "See a\nfile (docs/a.md#part) and [it](https://example.org/a)."
  )


def test_a_build_takes_it(describe, tmp_path):
  pytest.importorskip("setuptools")  # which Python 3.12 no longer brings
  for name in ("README.md", "LICENSE", "setup.py", "setup.cfg"):
    shutil.copy(name, tmp_path)
  subprocess.run(
    [sys.executable, "setup.py", "-q", "egg_info"],
    cwd=tmp_path,
    capture_output=True,
    check=True,
  )
  content = (tmp_path / "cascade_jax.egg-info/PKG-INFO").read_bytes()
  metadata = email.message_from_bytes(content)
  assert metadata["Description-Content-Type"] == "text/markdown"
  payload = metadata.get_payload(decode=True).decode()
  assert payload.strip() == describe(README).strip()
