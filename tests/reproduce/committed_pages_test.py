"""The pages in docs/results say what the committed files say."""

import pathlib

import pytest

from cascade_jax.reproduce import page, results
from cascade_jax.reproduce.studies import STUDIES

RESULTS = pathlib.Path(__file__).parents[2] / "docs" / "results"
PAGES = [name for name in STUDIES if (RESULTS / name / page.NAME).exists()]


@pytest.mark.parametrize("name", PAGES)
def test_a_committed_page_is_the_one_that_its_files_give(name):
  study = STUDIES[name]
  found = results.read(RESULTS / name, study.rows)
  expected = page.page(name, study, found, RESULTS / name)
  assert (RESULTS / name / page.NAME).read_text() == expected


@pytest.mark.parametrize("name", PAGES)
def test_files_of_results_belong_to_a_row(name):
  files = {path.stem for path in (RESULTS / name).glob("*.json")}
  assert files <= STUDIES[name].rows.keys()
