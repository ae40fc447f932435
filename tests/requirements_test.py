"""The locked versions are those of requirements.txt, each with hashes."""

import pathlib
import re

PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def pins(text):
  """Versions by the normal form of the name; several for several Pythons."""
  found = {}
  for name, version in PIN.findall(text):
    found.setdefault(re.sub("[-_.]+", "-", name).lower(), set()).add(version)
  return found


def test_the_lock_has_the_versions_that_are_asked_for():
  asked = pins(pathlib.Path("requirements.txt").read_text())
  locked = pins(pathlib.Path("requirements.lock").read_text())
  assert {name: locked.get(name) for name in asked} == asked  # else: make lock


def test_every_locked_version_has_hashes_and_no_host():
  text = pathlib.Path("requirements.lock").read_text()
  entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
  assert len(entries) > 100
  assert all("--hash=sha256:" in entry for entry in entries)
  assert "://" not in text and "--index" not in text
