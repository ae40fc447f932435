"""The cells of a sweep: a run for each method, setting of the grid and seed."""

import itertools
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cascade_jax.errors import UserError


class Cell(NamedTuple):
  """One run of a sweep.

  Attributes:
    method: a variant of the config file, or a method; "" if there is one only.
    settings: values of the config's keys, as they are written in a flag.
    seed: of the run.
    folder: of the run.
  """

  method: str
  settings: dict[str, str]
  seed: int
  folder: pathlib.Path

  @property
  def name(self) -> str:
    """Returns the name, as the table of the sweep shows it."""
    settings = " ".join(f"{key}={x}" for key, x in self.settings.items())
    parts = (self.method, settings, f"seed {self.seed}")
    return " ".join(part for part in parts if part)


def cells(
  folder: pathlib.Path,
  methods: Sequence[str],
  grid: Mapping[str, Sequence[str]],
  seeds: Sequence[int],
) -> list[Cell]:
  """Returns all combinations, the seeds of one setting next to each other.

  Args:
    folder: of the sweep; the cells have `METHOD/KEY=VALUE,.../seed_N` in it.
    methods: see `Cell.method`; [""] for one only.
    grid: the values of each key.
    seeds: of the runs.
  """
  made = []
  for method, *values in itertools.product(methods, *grid.values()):
    settings = dict(zip(grid, values, strict=True))
    own = ",".join(f"{key}={value}" for key, value in settings.items())
    parts = [part for part in (method, _file_name(own)) if part]
    for seed in seeds:
      of_run = folder.joinpath(*parts, f"seed_{seed}")
      made.append(Cell(method, settings, seed, of_run))
  return made


def parse_grid(texts: Sequence[str]) -> dict[str, list[str]]:
  """Returns the values of each key, of texts such as "beta_low=0.5,1".

  A comma inside brackets belongs to the value: "num_categories=(3,),(5,)".

  Raises:
    UserError: a text of another form, or a key or value that comes twice.
  """
  grid: dict[str, list[str]] = {}
  for text in texts:
    key, _, joined = text.partition("=")
    values = [part.strip() for part in re.split(r",(?![^(\[]*[)\]])", joined)]
    if not key or not all(values):
      raise UserError(
        f"--grid={text} must be KEY=VALUE,VALUE of a key of the config, such "
        "as --grid=beta_low=0.5,1"
      )
    if key in grid:
      raise UserError(f"--grid has {key} twice; name all its values in one")
    if len(set(values)) < len(values):
      raise UserError(f"--grid={text} has a value twice")
    grid[key] = values
  return grid


def parse_seeds(texts: Sequence[str]) -> list[int]:
  """Returns the seeds of texts such as "3" and "10-14", which includes 14.

  Raises:
    UserError: a text of another form, no seeds, or a seed that comes twice.
  """
  seeds: list[int] = []
  for text in texts:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text.strip())
    first, last = (match[1], match[2] or match[1]) if match else ("1", "0")
    if int(last) < int(first):
      raise UserError(
        f"--seeds has {text!r}; name seeds and ranges, such as --seeds=0-4,10"
      )
    seeds += range(int(first), int(last) + 1)
  if not seeds or len(set(seeds)) < len(seeds):
    raise UserError("--seeds must name one seed or more, and each only once")
  return seeds


def _file_name(text: str) -> str:
  """Returns a text without what names of folders should not have."""
  return re.sub(r"[^\w.,=+-]+", "", text)
