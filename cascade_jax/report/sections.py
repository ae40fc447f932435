"""The sections of a report on what a run has learned."""

import io
import re

import numpy as np

from cascade_jax import plots
from cascade_jax.plots.style import (
  UNUSED_KL,
  category_name,
  dimension_color,
  dimension_name,
)
from cascade_jax.report.html_parts import (
  escape,
  image,
  instruction,
  matrix,
  paragraph,
  section,
)
from cascade_jax.report.run import Run
from cascade_jax.report.settings import settings_section
from cascade_jax.report.training import timings_section, training_section


def all_sections(run: Run) -> str:
  """Returns pictures, tables, charts and settings that there is data for."""
  sections = (
    _traversals,
    _reconstructions,
    _representation,
    training_section,
    timings_section,
    settings_section,
  )
  return "".join(make(run) for make in sections)


def _traversals(run: Run) -> str:
  """Returns the section with the animation, and stills of each dimension."""
  if not run.arrays and not run.evaluation:
    return ""  # the section of the scores has the instruction
  if not run.arrays:
    text = "evaluation.npz is missing. Create it with"
    return section("Traversals", instruction(text, run.evaluate_command))
  _, rows, m, *_ = run.arrays["traversals"].shape
  low, high = (f"{run.arrays['traversal_values'][t]:g}" for t in (0, -1))
  gif = image(
    "image/gif",
    (run.folder / "traversals.gif").read_bytes(),
    f"Animation: decoded images in {rows} rows and {m} columns; in each column "
    f"one dimension moves from {low} to {high} and back",
  )
  text = paragraph(_traversals_text(run, low, high), "lead")
  stills = "".join(f"<figure>{_still(run, j)}</figure>" for j in range(m))
  return section(
    "Traversals",
    f'<div class="motion"><figure>{gif}</figure>{text}</div>'
    f'<div class="stills">{stills}</div>',
  )


def _traversals_text(run: Run, low: str, high: str) -> str:
  """Returns an explanation of the traversals from `low` to `high`."""
  rows, num_variables = run.arrays["traversal_categories"].shape
  text = "Each column is a continuous dimension"
  if rows > 1:
    kind = "category" if num_variables == 1 else "combination of categories"
    text += f" and each row a {kind} of the discrete code"
  text += (
    f". The dimension of a column moves from {low} to {high} and back while "
    "the others stay at 0."
  )
  if run.evaluation.get("kl"):
    text += (
      " The KL of each dimension is given in nats; a dimension with at most "
      f"{UNUSED_KL} nats is unused."
    )
  return text


def _still(run: Run, dimension: int) -> str:
  """Returns the stills of one dimension as an image."""
  kl = run.evaluation.get("kl")
  figure = plots.traversal_grid(*run.traversals, [dimension])
  file = io.BytesIO()
  figure.savefig(file, format="png")
  nats = f", KL {kl[dimension]:.2f} nats" if kl else ""
  alt = f"Traversal of {dimension_name(dimension)}{nats}, a row a category"
  return image("image/png", file.getvalue(), alt)


def _reconstructions(run: Run) -> str:
  """Returns the section with images of the data set; nothing without any."""
  if not run.arrays:
    return ""
  picture = image(
    "image/png",
    (run.folder / "reconstructions.png").read_bytes(),
    f"{len(run.arrays['originals'])} images, each above its reconstruction",
  )
  text = "Each image of the data set stands above its reconstruction"
  if run.arrays["reconstruction_categories"].size:
    text += " and the category that the model assigns to it"
  body = (
    f'{paragraph(f"{text}.", "lead")}<figure class="plate">{picture}</figure>'
  )
  return section("Reconstructions", body)


def _representation(run: Run) -> str:
  """Returns the section with the votes and the confusion matrix, if any."""
  tables = ""
  if run.evaluation.get("votes"):
    tables += _votes_matrix(run.evaluation)
  if run.evaluation.get("confusion"):
    tables += _confusion_matrix(run.evaluation, run.has_several_variables)
  if not tables:
    return ""
  return section(
    "What the latents represent", f'<div class="pair">{tables}</div>'
  )


def _votes_matrix(evaluation: dict) -> str:
  """Returns the table of votes, a row for each latent."""
  votes = np.asarray(evaluation["votes"])  # [latents, factors]
  return matrix(
    "Votes of the disentanglement score: how often each latent responded to "
    "each factor. The outlined factor is the one that the latent represents.",
    [_latent_label(name) for name in evaluation["vote_columns"]],
    evaluation["vote_factors"],
    votes,
    np.where(votes.any(axis=1), votes.argmax(axis=1), -1),
  )


def _latent_label(name: str) -> str:
  """Returns the name as HTML, with its colour if it is a dimension's."""
  dimension = re.fullmatch(r"z(\d+)", str(name))
  if not dimension:
    return escape(name)
  color = dimension_color(int(dimension[1]) - 1)
  return f'<i class="chip" style="background:{color}"></i>{escape(name)}'


def _confusion_matrix(evaluation: dict, has_several_variables: bool) -> str:
  """Returns the table of categories and classes."""
  counts = np.asarray(evaluation["confusion"])  # [categories, classes]
  variable = ""  # the one whose categories are shown, if there are several
  if has_several_variables:
    variable = f" of variable {evaluation['class_variable']}"
  return matrix(
    f"Confusion matrix: number of images of each category{variable} and class, "
    "and percentage of the class. The outlined class is the one matched to the "
    "category.",
    [category_name(k) for k in range(len(counts))],
    evaluation["class_names"],
    counts,
    evaluation["relabelling"],
    has_percent=True,
  )
