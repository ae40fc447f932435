"""The sections of a report on what a run has learned."""

import re

import numpy as np

from cascade_jax.plots.style import category_name, dimension_color
from cascade_jax.report.definitions import definitions_section
from cascade_jax.report.files import files_section
from cascade_jax.report.html_parts import (
  escape,
  image,
  matrix,
  paragraph,
  section,
)
from cascade_jax.report.run import Run
from cascade_jax.report.settings import settings_section
from cascade_jax.report.training import timings_section, training_section
from cascade_jax.report.traversals import traversals_section


def all_sections(run: Run) -> str:
  """Returns pictures, tables, charts and settings that there is data for."""
  sections = (
    traversals_section,
    _reconstructions,
    _representation,
    training_section,
    timings_section,
    definitions_section,
    settings_section,
    files_section,
  )
  return "".join(make(run) for make in sections)


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
    tables += _confusion_matrix(run)
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
    "each factor. A latent is a dimension or the category. The outlined factor "
    "is the one that the latent represents.",
    "latent, factor",
    [_latent_label(name) for name in evaluation["vote_columns"]],
    evaluation["vote_factors"],
    votes,
    np.where(votes.any(axis=1), votes.argmax(axis=1), -1),
  )


def _latent_label(name: str) -> str:
  """Returns the name as HTML, with its colour if it is a dimension's."""
  dimension = re.fullmatch(r"z(\d+)", str(name))
  if not dimension:  # "code", or "code 1" and so on of several variables
    return escape(re.sub(r"^code\b", "category", str(name)))
  color = dimension_color(int(dimension[1]) - 1)
  return f'<i class="chip" style="background:{color}"></i>{escape(name)}'


def _confusion_matrix(run: Run) -> str:
  """Returns the table of categories and classes."""
  evaluation = run.evaluation
  counts = np.asarray(evaluation["confusion"])  # [categories, classes]
  variable = ""  # the one whose categories are shown, if there are several
  if run.has_several_variables:
    variable = f" of variable {evaluation['class_variable']}"
  factor = run.dataset_record.get("class_factor")
  classes = f"class of {factor}" if factor else "class"
  return matrix(
    f"Confusion matrix: number of images of each category{variable} and "
    f"{classes}, and percentage of the class. The outlined class is the one "
    "matched to the category.",
    "category, class",
    [category_name(k) for k in range(len(counts))],
    evaluation["class_names"],
    counts,
    evaluation["relabelling"],
    has_percent=True,
  )
