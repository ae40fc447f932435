"""Links of the pages outside docs/, which the site does not check."""

import pathlib
import re

import pytest

PAGES = sorted(map(str, pathlib.Path().glob("*.md")))


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_lead_to_files(page):
  text = pathlib.Path(page).read_text(encoding="utf-8")
  targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
  inside = [target for target in targets if "://" not in target]
  assert [
    target for target in inside if not pathlib.Path(target).exists()
  ] == []
