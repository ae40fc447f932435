"""What other implementations say of the codes of `scored_codes`."""

import json

from tests import scored_codes


def codes(name):
  """means, factors and categories of an entry of the file."""
  if not name.startswith("trained"):
    return getattr(scored_codes, name)(), scored_codes.grid(), None
  stored = scored_codes.trained()
  categories = stored["categories"] if name.endswith("categories") else None
  return stored["means"], stored["factors"], categories


def values():
  """Numbers by "codes/metric"; "origin" says where they come from."""
  path = scored_codes.FIXTURES / "disentanglement_lib_a.json"
  return json.loads(path.read_text())
