"""What other implementations say of the codes of `scored_codes`."""

import json

from tests.helpers import scored_codes


def codes(name):
  """means, factors and categories of an entry of the file."""
  if not name.startswith("trained"):
    return getattr(scored_codes, name)(), scored_codes.grid(), None
  stored = scored_codes.trained()
  categories = stored["categories"] if name.endswith("categories") else None
  return stored["means"], stored["factors"], categories


def values(file="disentanglement_lib_a.json"):
  """What a file of tests/fixtures holds; "origin" says where it comes from."""
  return json.loads((scored_codes.FIXTURES / file).read_text())


def gap(ours, theirs):
  """Means of two sets of seeds apart, in standard errors of the difference.

  Their spread is taken for both: the draws are of one distribution.
  """
  error = theirs["std"] * (1 / len(ours) + 1 / theirs["seeds"]) ** 0.5
  return abs(sum(ours) / len(ours) - theirs["mean"]) / error
