"""The section of a report with the scores of the run."""

import math

from cascade_jax.report.definitions import metric_link, metric_name
from cascade_jax.report.html_parts import (
  MISSING,
  TIMES,
  escape,
  instruction,
  integer,
  is_number,
  name_html,
  paragraph,
  section,
  table,
)
from cascade_jax.report.run import Run

_PAPER_SCORES = ("disentanglement_score", "classification_accuracy")
_PAPER_STEPS = 300_000
_PAPER_IMAGE_SIZE = f"64{TIMES}64"
_FAR_ABOVE = 0.3
_ONE_FACTOR = (
  "There is no disentanglement score: fewer than two factors of these images "
  "vary, and of one factor noise would score 100 %."
)
_WHY_FAR_ABOVE = (
  "A disentanglement score far above {others} is no contradiction: it only "
  "asks whether the latent that varies least while a factor is fixed tells, by "
  "majority vote, which factor that is; MIG and DCI also fall where a latent "
  "mixes factors or knows its factor only roughly, and MIG where a second "
  "latent repeats the information."
)


def scores_section(run: Run) -> str:
  """Returns the section: two scores as cards, others below.

  These are the paper's. Of a single factor there is no disentanglement score,
  and NMI stands with the accuracy.
  """
  evaluation = run.evaluation
  if not evaluation:
    text = "This run has no scores: evaluation.json is missing. Create it with"
    return section("Scores", instruction(text, run.evaluate_command))
  body = (
    '<div class="cards">'
    + "".join(_card(run, key) for key in _leading_scores(evaluation))
    + f'</div><p class="facts">{_summary_html(evaluation)}</p>'
  )
  if _has_one_factor(evaluation):
    body += paragraph(_ONE_FACTOR, "facts")
  if others := _far_below(evaluation):
    body += paragraph(_WHY_FAR_ABOVE.format(others=others), "facts")
  body += _metrics_table(evaluation)
  if run.last_step > evaluation.get("step", 0):
    text = f"Training continued to step {integer(run.last_step)}. Score it with"
    body += instruction(text, run.evaluate_command)
  return section("Scores", body)


def _leading_scores(evaluation: dict) -> tuple[str, ...]:
  """Returns the scores of the cards; old evaluations may have no NMI."""
  if not _has_one_factor(evaluation):
    return _PAPER_SCORES
  has_nmi = is_number(evaluation.get("nmi"))
  return ("classification_accuracy", "nmi")[: 1 + has_nmi]


def _has_one_factor(evaluation: dict) -> bool:
  """Returns whether too few factors vary for a disentanglement score.

  Where there are classes to compare with, there is no other reason.
  """
  return evaluation.get("disentanglement_score") is None and is_number(
    evaluation.get("classification_accuracy")
  )


def _far_below(evaluation: dict) -> str:
  """Returns the metrics far below the disentanglement score, or nothing."""
  score = evaluation.get("disentanglement_score")
  others = evaluation.get("metrics") or {}
  if not is_number(score):
    return ""
  return " and ".join(
    f"{metric_name(key)} ({others[key]:.2f})"
    for key in ("mig", "dci_disentanglement")
    if is_number(others.get(key)) and score - others[key] > _FAR_ABOVE
  )


def _metrics_table(evaluation: dict) -> str:
  """Returns a table of the metrics that `experiments.evaluate` adds.

  Metrics that the evaluation itself holds are left out, since their values in
  the two places are of different images.
  """
  rows = [
    [metric_link(evaluation, key), f"{value:.4f}"]
    for key, value in (evaluation.get("metrics") or {}).items()
    if key not in evaluation
  ]
  if not rows:
    return ""
  caption = f"Other metrics, on {integer(evaluation['metrics_images'])} images"
  metrics_html = table(["metric", "score"], rows, caption, "numbers")
  metrics_html += _left_out(evaluation)
  for key, caution in evaluation.get("metrics_cautions", {}).items():
    text = f"{metric_name(key)}: {caution}"
    metrics_html += paragraph(text, "facts")
  return metrics_html


def _left_out(evaluation: dict) -> str:
  """Returns a paragraph for each reason to leave metrics out."""
  names: dict[str, list[str]] = {}
  for key, reason in evaluation.get("metrics_left_out", {}).items():
    names.setdefault(reason, []).append(metric_name(key))
  return "".join(
    paragraph(f"Left out: {', '.join(those)} ({reason}).", "facts")
    for reason, those in names.items()
  )


def _title(key: str) -> str:
  name = metric_name(key)
  return name[0].upper() + name[1:]


def _card(run: Run, key: str) -> str:
  """Returns a score in large digits, with its protocol and the paper's."""
  value = run.evaluation.get(key)
  protocol = str(run.evaluation.get("protocol", {}).get(key, ""))
  big, bar = f'<span class="soft">{MISSING}</span>', ""
  if is_number(value):
    big = f'{100 * value:.1f}<span class="soft unit">%</span>'
    width = 100 * min(max(value, 0), 1)
    bar = f'<div class="bar"><i style="width:{width:.1f}%"></i></div>'
  else:
    protocol = f"Not available for this run. {protocol}"
  return f"""<article class="card">
<h3>{escape(_title(key))}</h3>
<p class="big">{big}</p>{bar}
{paragraph(protocol, "protocol")}
{_paper_paragraph(run, key)}</article>
"""


def _paper_paragraph(run: Run, key: str) -> str:
  """Returns the paper's score, and whether this run is comparable to it.

  Nothing is returned where the paper has no such score: for another method,
  number of dimensions, data set or number of discrete variables.
  """
  m = run.setting("num_continuous")
  # The paper has no accuracy of methods without a discrete code.
  published = run.about.published.get(m, ()) if run.about else ()
  scores = dict(zip(_PAPER_SCORES, published))
  is_dsprites = "dsprites" in run.dataset.lower()
  if key not in scores or run.has_several_variables or not is_dsprites:
    return ""
  steps = integer(_PAPER_STEPS)
  return (
    f'<p class="paper">Paper, m = {m} continuous dimensions: '
    f"<b>{scores[key]}</b> % (mean and standard deviation over seeds, {steps} "
    f"steps at {_PAPER_IMAGE_SIZE}).{escape(_differences(run))}</p>"
  )


def _differences(run: Run) -> str:
  """Returns a sentence if the run is too small to compare with the paper."""
  steps = run.evaluation.get("step", 0)
  orientations = run.setting("num_orientations")
  is_part = orientations is not None and orientations < 40
  is_smaller = steps < _PAPER_STEPS or run.image_size != _PAPER_IMAGE_SIZE
  if not (is_smaller or is_part):
    return ""
  part = f" and {orientations} of 40 orientations" if is_part else ""
  return (
    f" This run, with {integer(steps)} steps at {run.image_size}{part}, is not "
    "comparable."
  )


def _summary_html(evaluation: dict) -> str:
  """Returns a sentence with the other numbers of the evaluation."""
  num_images = evaluation.get("num_images")
  facts = []
  facts += [
    f"{name_html(metric_link(evaluation, key))} {100 * evaluation[key]:.1f} %"
    for key in ("nmi", "ari", "disentanglement_score_dlib")
    if is_number(evaluation.get(key))
  ]
  if is_number(evaluation.get("reconstruction")):
    nats = evaluation["reconstruction"]
    facts.append(f"reconstruction {nats:.1f} nats per image")
  if evaluation.get("kl"):
    facts.append(f"total KL {sum(evaluation['kl']):.1f} nats per image")
  if evaluation.get("information") and is_number(num_images):
    information = evaluation["information"]["index_code_information"]
    correlation = evaluation["information"]["aggregate_total_correlation"]
    facts += [
      f"mutual information I(x; z) {information:.1f} nats, of at most "
      f"{math.log(num_images):.1f} nats for {num_images:,} images",
      f"total correlation {correlation:.2f} nats",
    ]
  images, step = integer(num_images), integer(evaluation.get("step"))
  scored = f"Scored on {images} images at step {step}"
  return f"{scored}: {'; '.join(facts)}." if facts else f"{scored}."
