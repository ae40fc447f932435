"""Every run of every study can be trained, and has a name of its own."""

import importlib
import re

import pytest

from cascade_jax.commands import jobs
from cascade_jax.errors import UserError
from cascade_jax.reproduce.studies import STUDIES, rows
from cascade_jax.sweep.cells import Cell, parse_seeds

ROWS = [
  pytest.param(row, name, id=f"{study}:{name}")
  for study, of in STUDIES.items()
  for name, row in of.rows.items()
]


# ml_collections loads config files in this way.
@pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")
@pytest.mark.parametrize(("row", "name"), ROWS)
def test_the_config_of_a_row_can_be_trained(row, name, tmp_path):
  cell = Cell(name, dict(row.settings), 3, tmp_path / "seed_3")
  config = jobs.checked_config(cell, jobs.train_flags(row.config, {}, cell))
  file, _, variant = row.config.partition(":")
  module = importlib.import_module(f"cascade_jax.configs.{file}")
  expected = module.get_config(variant).to_dict()
  assert config.seed == 3 and config.num_steps == expected["num_steps"]
  changed = {
    key
    for key, value in config.to_dict().items()
    if key != "seed" and value != expected[key]
  }
  assert changed == row.settings.keys()


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_titles_and_names_of_files_are_told_apart(study):
  titles = [row.title for row in study.rows.values()]
  assert len(set(titles)) == len(titles)
  assert all(re.fullmatch(r"\w+", name) for name in study.rows)


def test_rows_are_chosen_by_name():
  study = STUDIES["compact"]
  assert list(rows(study, ["aae", "beta_vae"])) == ["aae", "beta_vae"]
  assert rows(study, []) == study.rows
  with pytest.raises(UserError, match="--methods has 'vae'; there are cascade"):
    rows(study, ["vae"])


@pytest.mark.parametrize("name", ["compact", "ablations"])
def test_seeds_that_were_tuned_on_are_left_out(name):
  assert not {0, 1, 2} & set(parse_seeds(STUDIES[name].seeds.split(",")))
