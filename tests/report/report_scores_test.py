"""The scores in a report, and the paper's numbers beside them."""

import re

import numpy as np
import pytest

from tests.helpers.reported_run import (
  EVALUATION,
  Page,
  change,
  log_entry,
  page_text,
  read,
  write,
  write_arrays,
  write_log,
  write_page,
  write_run,
)


@pytest.fixture
def folder(tmp_path):
  return write_run(tmp_path, has_log=False, has_arrays=False)


def test_verdict_says_what_came_out(folder):
  text = page_text(folder)
  assert "Trained for 8 steps. The model uses 1 of its 2 continuous" in text
  assert "(KL above 0.1 nats)" in text
  assert (
    "75.3% of the images; a single category for all images would predict 75.0%"
  ) in text
  assert "Every factor is clearly represented" in text
  change(folder / "evaluation.json", votes=[[7, 1], [0, 0], [6, 2]])
  assert "No latent clearly represents shape." in page_text(folder)


def test_guess_is_named_with_what_is_left_of_it(folder):
  assert "taught from a guess" not in page_text(folder)
  log_entries = [log_entry(step) for step in range(1, 9)]
  log_entries[-3]["guess_agreement"] = 0.5
  log_entries[-2]["guess_agreement"] = 0.987
  write_log(folder, log_entries)
  text = page_text(folder)
  assert "taught from a guess, made without labels" in text
  assert "98.7% of the images are still in the guessed category" in text


def test_full_size_run_may_be_compared(folder):
  change(folder / "evaluation.json", step=300_000)
  images = np.zeros((4, 64, 64, 1))
  write_arrays(folder, originals=images, reconstructions=images)
  text = Page(write_page(folder)).text
  assert "90.49 ± 5.28" in text and "not comparable" not in text


def test_m4_is_held_against_m4(folder):
  config = read(folder / "config.json")
  change(folder / "config.json", **config | {"num_continuous": 4})
  text = page_text(folder)
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
  config = read(folder / "config.json")
  change(folder / "config.json", **config | changes)
  text = page_text(folder)
  assert ("Paper, m" in text) == (shown is not None)
  assert shown is None or shown in text


def test_another_data_set_is_not_held_against_the_paper(folder):
  change(folder / "evaluation.json", dataset="mine")
  assert "Paper" not in page_text(folder)


def test_information_is_shown_with_the_number_of_images(folder):
  assert "mutual information" not in page_text(folder)
  change(
    folder / "evaluation.json",
    information={
      "index_code_information": 8.25,
      "aggregate_total_correlation": 0.5,
    },
  )
  text = page_text(folder)
  assert "I(x; z) 8.2 nats, of at most 9.4 nats for 12,345 images" in text
  assert "total correlation 0.50 nats" in text


def test_all_metrics_are_shown_by_their_names(folder):
  names = ("mig", "robust_mig", "dci_completeness", "beta_vae_score", "nmi")
  values = dict.fromkeys(names, 0.12345)
  change(
    folder / "evaluation.json",
    metrics=values,
    metrics_images=1234,
    metrics_left_out={"sap": "two < many", "irs": "two < many", "dci": "so"},
    metrics_protocol={"mig": "Gap & so on.", "beta_vae_score": "Pairs."},
    metrics_cautions={"robust_mig": "the posteriors are narrow."},
  )
  text = write_page(folder)
  assert "Other metrics, on 1,234 images" in text
  assert "Left out: SAP, IRS (two &lt; many)." in text
  assert "Left out: DCI (so)." in text
  assert "robust MIG: the posteriors are narrow." in text
  name = '<th scope="row">(?:<a href="[^"]*">)?([^<]*)(?:</a>)?</th>'
  shown = re.findall(f"{name}<td><span>0.1235", text)
  assert shown == [
    "MIG",
    "robust MIG",
    "DCI completeness",
    "beta-VAE score",
    "NMI",
  ]
  # The first header stands above names, which are on the left.
  assert ".numbers thead th:not(:first-child) { text-align: right; }" in text


def test_names_of_metrics_lead_to_their_definitions(folder):
  """A metric of several scores has one definition, others may have none."""
  change(
    folder / "evaluation.json",
    metrics={"mig": 0.1, "dci_completeness": 0.2, "sap": 0.3, "my_own": 0.4},
    metrics_images=1234,
    metrics_protocol={"mig": "Gap & so on.", "dci": "Trees."},
  )
  text = write_page(folder)
  for anchor, name, told in (
    ("mig", "MIG", "Gap &amp; so on."),
    ("dci", "DCI completeness", "Trees."),
  ):
    assert f'<a href="#definition-{anchor}">{name}</a>' in text
    assert re.findall(f'<dt id="definition-{anchor}">.*?<dd>([^<]*)', text) == [
      told
    ]
  assert '<th scope="row">SAP</th>' in text
  assert '<th scope="row">my own</th>' in text
  assert text.count("<dt") == 2 + 2  # the fixture defines two


def test_one_factor_leads_with_accuracy_and_nmi(folder):
  """A card of a score that is not there would say nothing."""
  assert "NMI" not in page_text(folder)
  change(folder / "evaluation.json", nmi=0.654, ari=0.432)
  assert cards(folder) == ["Disentanglement score", "Classification accuracy"]
  assert "NMI 65.4 %; ARI 43.2 %" in page_text(folder)
  assert "noise would score 100" not in page_text(folder)
  change(folder / "evaluation.json", disentanglement_score=None)
  assert cards(folder) == ["Classification accuracy", "NMI"]
  text = page_text(folder)
  assert "fewer than two factors of these images vary" in text
  assert "Not available" not in text
  change(folder / "evaluation.json", nmi=None)  # of an earlier version
  assert cards(folder) == ["Classification accuracy"]


def cards(folder):
  return re.findall("<h3>([^<]*)</h3>", write_page(folder))


@pytest.mark.parametrize(
  ("mig", "dci", "named"),
  [
    (0.4, 0.45, "MIG (0.40) and DCI disentanglement (0.45)"),
    (0.6, 0.45, "far above DCI disentanglement (0.45) is"),
    (0.6, 0.6, None),
  ],
)
def test_a_score_far_above_the_others_is_explained(folder, mig, dci, named):
  values = {"mig": mig, "dci_disentanglement": dci, "dci_completeness": 0.1}
  change(folder / "evaluation.json", metrics=values, metrics_images=1234)
  text = page_text(folder)
  assert ("no contradiction" in text) == (named is not None)
  assert named is None or named in text
  change(folder / "evaluation.json", disentanglement_score=None)
  assert "no contradiction" not in page_text(folder)


def test_each_score_has_one_value(folder):
  again = {"disentanglement_score": 0.4321, "classification_accuracy": 0.4321}
  for metrics, is_there in ((again | {"mig": 0.5}, True), (again, False)):
    change(folder / "evaluation.json", metrics=metrics, metrics_images=1234)
    text = page_text(folder)
    assert "0.4321" not in text
    assert ("on 1,234 images" in text) == is_there


def test_latent_of_few_or_divided_votes_represents_nothing(folder):
  for votes in ([[40, 40], [0, 0], [80, 0]], [[0, 3], [0, 0], [80, 0]]):
    change(folder / "evaluation.json", votes=votes)
    assert "clearly represents shape" in page_text(folder)


def test_data_without_factors_has_no_scores(folder):
  keys = ("step", "seed", "dataset", "num_images", "kl", "protocol")
  write(folder / "evaluation.json", {key: EVALUATION[key] for key in keys})
  change(folder / "evaluation.json", disentanglement_score=None)
  assert page_text(folder).count("Not available for this run.") == 2
