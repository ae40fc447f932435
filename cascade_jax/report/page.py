"""The page of a run, headed by a verdict in plain words."""

import numpy as np

from cascade_jax.plots.style import UNUSED_KL
from cascade_jax.report import sections
from cascade_jax.report.document import document
from cascade_jax.report.html_parts import (
  Link,
  contents_list,
  escape,
  integer,
  is_number,
)
from cascade_jax.report.run import EXPLORER, Run
from cascade_jax.report.scores import scores_section


def page(run: Run) -> str:
  """Returns the whole page; the pictures must be in the run's folder."""
  body = scores_section(run) + sections.all_sections(run)
  main = f"{_header(run)}{contents_list(body)}{body}"
  return document(_title(run), main, _source(run))


def _header(run: Run) -> str:
  """Returns the title, the verdict, a line of facts, and a link if any."""
  seed, started = run.setting("seed"), run.provenance.get("started", "")
  facts = [
    "" if seed is None else f"seed {seed}",
    f"{integer(run.last_step)} steps",
    run.image_size,
    str(started)[:10],
  ]
  link = ""
  if (run.folder / EXPLORER).exists():
    link = f'<p class="facts">{Link(EXPLORER, "Explore the model").html}</p>\n'
  return f"""<header><p class="over">Run report</p>
<h1>{escape(_title(run))}</h1>
<p class="verdict">{escape(_verdict(run))}</p>
<p class="facts">{escape(" · ".join(fact for fact in facts if fact))}</p>
{link}</header>
"""


def _title(run: Run) -> str:
  """Returns the method and the data set of the run."""
  title = run.about.title if run.about else run.method
  return f"{title} on {run.dataset.replace('dsprites', 'dSprites')}"


def _source(run: Run) -> str:
  """Returns a link to the method's paper; nothing for a user's own method."""
  if not run.about:
    return ""
  title, authors, url, _ = run.about
  return f"{escape(title)}: {Link(url, authors).html}. "


def _verdict(run: Run) -> str:
  """Returns the outcome of the run in a few sentences."""
  num_steps = run.setting("num_steps")
  training = f"Trained for {integer(run.last_step)} steps."
  if num_steps and run.last_step < num_steps:
    last, planned = integer(run.last_step), integer(num_steps)
    training = f"Stopped at step {last} of {planned}."
  if not run.evaluation:
    return f"{training} Not scored yet."
  sentences = [
    training,
    _guess(run),
    _dimensions_in_use(run.evaluation),
    _predicted_classes(run.evaluation),
    _represented_factors(run.evaluation),
  ]
  return " ".join(sentence for sentence in sentences if sentence)


def _guess(run: Run) -> str:
  """Returns what a run owes to a guess of its categories, if it had one."""
  shares = [
    entry["guess_agreement"]
    for entry in run.log_entries
    if is_number(entry.get("guess_agreement"))
  ]
  if not shares:
    return ""
  return (
    "Its categories were first taught from a guess, made without labels from "
    "how the images connect, which is not part of the paper's method; "
    f"{shares[-1]:.1%} of the images are still in the guessed category."
  )


def _dimensions_in_use(evaluation: dict) -> str:
  """Returns a sentence on the KL of the dimensions; nothing without one."""
  kl = evaluation.get("kl")
  if not kl:
    return ""
  return (
    f"The model uses {sum(x > UNUSED_KL for x in kl)} of its {len(kl)} "
    f"continuous dimensions (KL above {UNUSED_KL} nats)."
  )


def _predicted_classes(evaluation: dict) -> str:
  """Returns a sentence on the accuracy; nothing without a discrete code."""
  accuracy = evaluation.get("classification_accuracy")
  if not (is_number(accuracy) and evaluation.get("confusion")):
    return ""
  class_sizes = np.sum(evaluation["confusion"], axis=0)
  baseline = class_sizes.max() / max(class_sizes.sum(), 1)
  return (
    f"The categories predict the class of {accuracy:.1%} of the images; a "
    f"single category for all images would predict {baseline:.1%}."
  )


def _represented_factors(evaluation: dict) -> str:
  """Returns a sentence on the factors that no latent represents."""
  if not evaluation.get("votes"):
    return ""
  votes = np.asarray(evaluation["votes"])  # [latents, factors]
  # A latent represents a factor by most of its votes, if it has a fair share
  # of all votes: a handful or a tie is no evidence.
  latent_votes = votes.sum(axis=1)
  is_clear = (votes.max(axis=1) > latent_votes / 2) & (
    latent_votes > votes.sum() / 20
  )
  represented = set(votes.argmax(axis=1)[is_clear])
  names = enumerate(evaluation["vote_factors"])
  missing = [str(name) for factor, name in names if factor not in represented]
  if missing:
    return f"No latent clearly represents {' or '.join(missing)}."
  return "Every factor is clearly represented by a latent."
