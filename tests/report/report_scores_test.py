"""What a report says of the scores, and beside which numbers."""

import json
import re

import numpy as np
import pytest

from tests.helpers.reported_run import (
  EVALUATION,
  Page,
  change,
  page_of,
  write,
  write_run,
)


@pytest.fixture
def folder(tmp_path):
  return write_run(tmp_path)


def test_verdict_says_what_came_out(folder):
  text = Page(page_of(folder)).text
  assert "Trained for 8 steps: 1 of 2 dimensions are in use" in text
  assert "75.3% of the images, where one category for all would name 75.0%" in (
    text
  )
  assert "every factor has a column" in text
  change(folder / "evaluation.json", votes=[[7, 1], [0, 0], [6, 2]])
  assert "no column stands clearly for shape" in Page(page_of(folder)).text


def test_full_size_run_may_be_compared(folder):
  change(folder / "evaluation.json", step=300_000)
  arrays = dict(np.load(folder / "evaluation.npz"))
  for name in ("originals", "reconstructions"):
    arrays[name] = np.zeros((4, 64, 64, 1))
  np.savez(folder / "evaluation.npz", **arrays)
  text = Page(page_of(folder)).text
  assert "90.49 ± 5.28" in text and "not comparable" not in text


def test_m4_is_held_against_m4(folder):
  config = json.loads((folder / "config.json").read_text())
  change(folder / "config.json", **config | {"num_continuous": 4})
  text = Page(page_of(folder)).text
  assert "91.34 ± 7.36" in text and "90.49" not in text


@pytest.mark.parametrize(
  ("changes", "shown"),
  [
    ({"num_continuous": 5}, None),  # not in the paper's table
    ({"num_categories": [3, 4]}, None),
    ({"method": "factor_vae", "num_continuous": 10}, "82.15 ± 0.88"),
    ({"method": "beta_vae", "num_continuous": 10}, "74.41 ± 7.68"),
    (
      {
        "method": "beta_vae",
        "num_continuous": 10,
        "beta_vae": {"capacity": 25.0},
      },
      None,
    ),
    ({"method": "my_vae"}, None),
  ],
)
def test_each_method_is_held_against_its_own_numbers(folder, changes, shown):
  config = json.loads((folder / "config.json").read_text())
  change(folder / "config.json", **config | changes)
  text = Page(page_of(folder)).text
  assert ("Paper, m" in text) == (shown is not None)
  assert shown is None or shown in text


def test_another_data_set_is_not_held_against_the_paper(folder):
  change(folder / "evaluation.json", dataset="mine")
  assert "Paper" not in Page(page_of(folder)).text


def test_what_the_latents_know_is_shown_with_the_number_of_images(folder):
  assert "z knows" not in Page(page_of(folder)).text
  change(
    folder / "evaluation.json",
    information={
      "index_code_information": 8.25,
      "aggregate_total_correlation": 0.5,
    },
  )
  text = Page(page_of(folder)).text
  assert "over 12,345 images, z knows 8.2 of at most 9.4 nats of which" in text
  assert "total correlation 0.50 nats" in text


def test_all_metrics_are_shown_by_their_names(folder):
  names = ("mig", "robust_mig", "dci_completeness", "beta_vae_score", "nmi")
  values = dict.fromkeys(names, 0.12345)
  change(
    folder / "evaluation.json",
    metrics=values,
    metrics_images=1234,
    metrics_left_out={"sap": "two < many"},
  )
  text = page_of(folder)
  assert "On 1,234 images" in text
  assert "SAP is left out: two &lt; many." in text
  shown = re.findall(r'<th scope="row">([^<]*)</th><td><span>0.1235', text)
  assert shown == [
    "MIG",
    "robust MIG",
    "DCI completeness",
    "beta-VAE score",
    "NMI",
  ]
  # The first header stands above names, which are on the left.
  assert ".numbers thead th:not(:first-child) { text-align: right; }" in text


def test_each_score_has_one_value(folder):
  again = {"disentanglement_score": 0.4321, "classification_accuracy": 0.4321}
  for metrics, is_there in ((again | {"mig": 0.5}, True), (again, False)):
    change(folder / "evaluation.json", metrics=metrics, metrics_images=1234)
    text = Page(page_of(folder)).text
    assert "0.4321" not in text
    assert ("On 1,234 images" in text) == is_there


def test_column_of_few_or_divided_votes_stands_for_nothing(folder):
  for votes in ([[40, 40], [0, 0], [80, 0]], [[0, 3], [0, 0], [80, 0]]):
    change(folder / "evaluation.json", votes=votes)
    assert "stands clearly for shape" in Page(page_of(folder)).text


def test_data_without_factors_has_no_scores(folder):
  keys = ("step", "dataset", "num_images", "kl", "reconstruction")
  write(folder / "evaluation.json", {key: EVALUATION[key] for key in keys})
  change(folder / "evaluation.json", disentanglement_score=None)
  assert Page(page_of(folder)).text.count("Not known for this run.") == 2
