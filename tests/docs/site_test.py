"""The documentation site builds; broken links and anchors are warnings."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

pytest.importorskip("sphinx", reason="pip install -e .[docs] brings it")
pytest.importorskip("myst_parser", reason="pip install -e .[docs] brings it")
pytest.importorskip("furo", reason="pip install -e .[docs] brings it")

NO_PROXY_LEADS_OUT = {  # a request would fail, and the build with it
  name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy")
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
  """The folder of the built site."""
  folder = tmp_path_factory.mktemp("site")
  command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going"]
  result = subprocess.run(
    [*command, "-q", "-d", folder / "doctrees", "docs", folder / "html"],
    env=os.environ | NO_PROXY_LEADS_OUT,
    capture_output=True,
    text=True,
  )
  assert result.returncode == 0, result.stderr
  return folder / "html"


def text_of(page):
  """The text of an HTML page, without tags and long dashes."""
  html = page.read_text(encoding="utf-8")
  text = re.sub(r"<[^>]*>", "", html).replace("\N{EN DASH}", "-")
  return " ".join(text.split())


def test_every_page_is_in_the_site(site):
  pages = pathlib.Path("docs").rglob("*.md")
  names = {page.relative_to("docs").with_suffix("") for page in pages}
  built = {
    page.relative_to(site).with_suffix("") for page in site.rglob("*.html")
  }
  assert names <= built


def test_pages_load_nothing_from_other_sites(site):
  for page in site.rglob("*.html"):
    html = page.read_text(encoding="utf-8")
    loaded = re.findall(
      r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', html
    )
    assert loaded and not [url for url in loaded if "//" in url], page


def test_the_reference_shows_shapes_and_comments(site):
  text = text_of(site / "api" / "cascade_jax.html")
  assert "counts - [S] int64, samples in each category" in text
  assert "Alias for field number" not in text
  assert "num_continuous - m." in text
  assert "dsprites_noisy" in text_of(site / "api" / "data.html")


def test_links_out_of_the_folder_lead_to_a_page(site):
  html = (site / "tutorials" / "your_images.html").read_text(encoding="utf-8")
  assert 'href="../building.html"' in html
