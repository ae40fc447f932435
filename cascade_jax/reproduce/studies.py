"""The studies: which configs with which settings on which seeds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from cascade_jax.configs import compact, dsprites
from cascade_jax.errors import UserError
from cascade_jax.reproduce import gumbel_cascade


class Row(NamedTuple):
  """One row of a table: runs that differ in their seed only.

  Attributes:
    title: of the row.
    config: name of a config in `cascade_jax.configs`, and its variant.
    settings: values of keys of the config, as they are written in a flag.
  """

  title: str
  config: str
  settings: Mapping[str, str] = MappingProxyType({})


class Study(NamedTuple):
  """One table.

  Attributes:
    title: of its page.
    text: what was trained, for the page.
    seeds: that the page should have, as in the flag `--seeds`.
    rows: by their names, which are those of the files too.
    shows_published: whether the page has the paper's scores beside them.
  """

  title: str
  text: str
  seeds: str
  rows: Mapping[str, Row]
  shows_published: bool = True


_TITLES = {
  "cascade_vae": "CascadeVAE",
  "m6": "CascadeVAE",
  "m4": "CascadeVAE, m = 4",
  "dependable": "CascadeVAE by the recipe",
  "cascade_vae_c": "CascadeVAE-C",
  "beta_vae": "beta-VAE",
  "beta_vae_m5": "beta-VAE, m = 5",
  "beta_vae_annealed": "annealed beta-VAE",
  "beta_tcvae": "beta-TCVAE",
  "factor_vae": "FactorVAE",
  "factor_vae_m5": "FactorVAE, m = 5",
  "joint_vae": "JointVAE",
  "joint_vae_m4": "JointVAE, m = 4",
  "aae": "AAE",
  "aae_s": "AAE-S",
}


def _variants(config: str, names: Mapping[str, object]) -> dict[str, Row]:
  return {name: Row(_TITLES[name], f"{config}:{name}") for name in names}


def _ablation(title: str, **settings: str) -> Row:
  return Row(title, "upright:cascade_vae", settings)


STUDIES: dict[str, Study] = {
  "paper": Study(
    "The paper's tables at full size",
    "All 737,280 images of dSprites, 64x64, 300,000 steps: the runs of Jeong & "
    "Song 2019, and methods that the paper lacks.",
    "0-9",
    _variants("dsprites", dsprites.VARIANTS),
  ),
  "compact": Study(
    "The paper's tables at compact scale",
    "All 737,280 images of dSprites, made of 2x2 pixel means, 32x32, 20,000 "
    "steps. **These are not the paper's runs:** the images are smaller and the "
    "runs shorter. CascadeVAE and its recipe were tuned on seeds 0 to 2 of "
    "these images, the others on images of one orientation "
    "(`cascade_jax/configs/compact.py`). The recipe rests on a guess of the "
    "categories from the images, without labels, and is not the paper's.",
    "10-19",
    _variants("compact", compact.VARIANTS),
  ),
  "ablations": Study(
    "What matters in CascadeVAE",
    "CascadeVAE of the upright config: 32x32 images of dSprites' first "
    "orientation, m = 4, 10,000 steps. Each row changes one setting of the "
    "first. These images are used because the categories of the first row are "
    "the shapes in some seeds. With all orientations they are the shapes in no "
    "seed, so no change could be seen to harm.",
    "3-7",
    {
      "as_it_is": _ablation("as it is"),
      "argmin": _ablation(
        "each image's own best category, no flow", pairwise_weight="0"
      ),
      "gumbel": _ablation(
        "an encoder of the category (Gumbel-softmax), no flow",
        method=gumbel_cascade.__name__,
      ),
      "pairwise_0_001": _ablation(
        "pairwise weight 0.001, the paper's", pairwise_weight="0.001"
      ),
      "pairwise_0_1": _ablation("pairwise weight 0.1", pairwise_weight="0.1"),
      "pairwise_10": _ablation("pairwise weight 10", pairwise_weight="10"),
      "code_from_phase_2": _ablation(
        "code from phase 2", discrete_start_phase="2"
      ),
      "code_from_phase_4": _ablation(
        "code from phase 4", discrete_start_phase="4"
      ),
      "phases_of_1000": _ablation("phases of 1,000 steps", phase_steps="1000"),
      "adam_goes_on": _ablation(
        "Adam is not begun anew at a phase", reset_adam_at_phase="False"
      ),
      "no_penalty": _ablation("no L2 penalty", weight_penalty="0"),
      "two_categories": _ablation(
        "one category too few", num_categories="(2,)"
      ),
      "four_categories": _ablation(
        "one category too many", num_categories="(4,)"
      ),
    },
    shows_published=False,
  ),
}


def rows(study: Study, names: list[str]) -> dict[str, Row]:
  """Returns the rows of that name; all rows without names.

  Raises:
    UserError: there is no such row; the message lists those that there are.
  """
  unknown = [name for name in names if name not in study.rows]
  if unknown:
    raise UserError(
      f"--methods has {unknown[0]!r}; there are {', '.join(study.rows)}"
    )
  return {name: study.rows[name] for name in names or study.rows}
