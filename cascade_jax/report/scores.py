"""The section of a report with the scores, in large and in small."""

import math

from cascade_jax.report.html_parts import (
  NOT_THERE,
  TIMES,
  command,
  escape,
  integer,
  is_number,
  section,
  table,
)
from cascade_jax.report.run import Run

# Jeong & Song 2019, dSprites, percent: mean and standard deviation over seeds,
# disentanglement score and accuracy, by method and number of dimensions.
_PAPER_SCORES = {
  "cascade_vae": {
    6: ("90.49 ± 5.28", "78.84 ± 15.65"),
    4: ("91.34 ± 7.36", "76.00 ± 22.16"),
  },
  "beta_vae": {5: ("70.11 ± 7.54",), 10: ("74.41 ± 7.68",)},
  "factor_vae": {5: ("81.09 ± 2.63",), 10: ("82.15 ± 0.88",)},
  "joint_vae": {
    6: ("74.51 ± 5.17", "44.79 ± 3.88"),
    4: ("73.06 ± 2.18", "43.99 ± 3.94"),
  },
}
_CARDS = ("disentanglement_score", "classification_accuracy")
_ABBREVIATIONS = {"ari", "dci", "irs", "mig", "nmi", "sap"}
_PAPER_STEPS = 300_000
_PAPER_SIZE = 64


def is_annealed(run: Run) -> bool:
  """Whether it is the beta-VAE of Burgess et al. 2018."""
  options = run.config.get("beta_vae") or {}
  is_beta_vae = run.setting("method") == "beta_vae"
  return is_beta_vae and bool(options.get("capacity"))


def scores_section(run: Run) -> str:
  """The two scores of the paper as cards, and what else is known, below."""
  evaluation = run.evaluation
  if not evaluation:
    text = "This run has no scores: evaluation.json is missing. Make it with"
    return section("Scores", f"<p>{text}</p>{command(run.evaluate_command)}")
  body = (
    '<div class="cards">'
    + "".join(_card(run, key) for key in _CARDS)
    + f'</div><p class="facts">{escape(_scored_on(evaluation))}</p>'
    + _all_metrics(evaluation)
  )
  if run.last_step > evaluation.get("step", 0):
    text = f"Training went on to step {integer(run.last_step)}. Score it with"
    body += f"<p>{text}</p>{command(run.evaluate_command)}"
  return section("Scores", body)


def _all_metrics(evaluation: dict) -> str:
  """The metrics that `experiments.evaluate` adds, in one table.

  Those of the evaluation itself are left out: theirs are of other images.
  """
  rows = [
    [_metric_name(key), f"{value:.4f}"]
    for key, value in (evaluation.get("metrics") or {}).items()
    if key not in evaluation
  ]
  if not rows:
    return ""
  count = integer(evaluation["metrics_images"])
  html = table(["metric", "score"], rows, f"On {count} images", "numbers")
  for key, reason in evaluation.get("metrics_left_out", {}).items():
    text = f"{_metric_name(key)} is left out: {reason}."
    html += f'<p class="facts">{escape(text)}</p>'
  return html


def _metric_name(key: str) -> str:
  """As papers write it: robust MIG for robust_mig."""
  words = key.replace("beta_vae", "beta-VAE").split("_")
  return " ".join(w.upper() if w in _ABBREVIATIONS else w for w in words)


def _card(run: Run, key: str) -> str:
  value = run.evaluation.get(key)
  protocol = str(run.evaluation.get("protocol", {}).get(key, ""))
  big, bar = f'<span class="soft">{NOT_THERE}</span>', ""
  if is_number(value):
    big = f'{100 * value:.1f}<span class="soft unit">%</span>'
    width = 100 * min(max(value, 0), 1)
    bar = f'<div class="bar"><i style="width:{width:.1f}%"></i></div>'
  else:
    protocol = f"Not known for this run. {protocol}"
  return f"""<article class="card">
<h3>{escape(key.replace("_", " ").capitalize())}</h3>
<p class="big">{big}</p>{bar}
<p class="protocol">{escape(protocol)}</p>
{_paper(run, key)}</article>
"""


def _paper(run: Run, key: str) -> str:
  """The paper's number, and whether this run may be held against it."""
  by_size = _PAPER_SCORES.get(str(run.setting("method")), {})
  m = run.setting("num_continuous")
  numbers = dict(zip(_CARDS, by_size.get(m, ())))  # no accuracy without a code
  sizes = run.setting("num_categories")
  is_other = is_annealed(run) or (isinstance(sizes, list) and len(sizes) > 1)
  dataset = run.evaluation.get("dataset") or run.setting("name")
  is_dsprites = "dsprites" in str(dataset).lower()
  if key not in numbers or is_other or not is_dsprites:
    return ""
  size = f"{_PAPER_SIZE}{TIMES}{_PAPER_SIZE}"
  steps = run.evaluation.get("step", 0)
  orientations = run.setting("num_orientations")
  is_smaller = steps < _PAPER_STEPS or run.size != size
  is_part = orientations is not None and orientations < 40
  note = ""
  if is_smaller or is_part:
    part = f" and {orientations} of 40 orientations" if is_part else ""
    note = (
      f" This run, with {integer(steps)} steps at {run.size}{part}, is not "
      "comparable."
    )
  return (
    f'<p class="paper">Paper, m = {m}: <b>{numbers[key]}</b>, mean '
    f"and standard deviation over seeds, {integer(_PAPER_STEPS)} steps at "
    f"{size}.{escape(note)}</p>"
  )


def _scored_on(evaluation: dict) -> str:
  facts = [
    f"Scored on {integer(evaluation.get('num_images'))} images at step "
    f"{integer(evaluation.get('step'))}"
  ]
  if is_number(evaluation.get("disentanglement_score_dlib")):
    score = 100 * evaluation["disentanglement_score_dlib"]
    facts.append(
      f"disentanglement score in disentanglement_lib's protocol {score:.1f} %"
    )
  if is_number(evaluation.get("reconstruction")):
    nats = evaluation["reconstruction"]
    facts.append(f"reconstruction {nats:.1f} nats per image")
  if evaluation.get("kl"):
    facts.append(f"KL {sum(evaluation['kl']):.1f} nats in all")
  if evaluation.get("information"):
    known = evaluation["information"]["index_code_information"]
    repeated = evaluation["information"]["aggregate_total_correlation"]
    count = evaluation["num_images"]
    facts.append(
      f"over {count:,} images, z knows {known:.1f} of at most "
      f"{math.log(count):.1f} nats of which one it is, total correlation "
      f"{repeated:.2f} nats"
    )
  return f"{'; '.join(facts)}."
