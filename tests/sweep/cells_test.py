"""The cells of a sweep, from the words of its flags."""

import pathlib

import pytest

from cascade_jax.errors import UserError
from cascade_jax.sweep.cells import cells, parse_grid, parse_seeds


def test_cells_are_all_combinations_in_folders_of_their_own():
  folder = pathlib.Path("/sweep")
  grid = parse_grid(["beta_low=0.5,1", "num_categories=(3,),(5,)"])
  made = cells(folder, ["beta_vae", "aae"], grid, [3, 4])
  assert len(made) == 2 * 2 * 2 * 2
  assert made[1].settings == {"beta_low": "0.5", "num_categories": "(3,)"}
  assert made[1].name == "beta_vae beta_low=0.5 num_categories=(3,) seed 4"
  assert made[1].folder == pathlib.Path(
    "/sweep/beta_vae/beta_low=0.5,num_categories=3,/seed_4"
  )
  assert len({cell.folder for cell in made}) == len(made)


def test_without_methods_and_grid_there_is_a_cell_for_each_seed():
  (cell,) = cells(pathlib.Path("/sweep"), [""], {}, [7])
  assert cell.name == "seed 7" and cell.folder.name == "seed_7"
  assert cell.folder.parent == pathlib.Path("/sweep")


def test_commas_in_brackets_belong_to_a_value():
  assert parse_grid(["a=(1,2),[3,4], 5"]) == {"a": ["(1,2)", "[3,4]", "5"]}


@pytest.mark.parametrize(
  ("texts", "message"),
  [
    (["beta_low"], "must be KEY=VALUE,VALUE"),
    (["=1"], "must be KEY=VALUE,VALUE"),
    (["a=1,,2"], "must be KEY=VALUE,VALUE"),
    (["a=1,1"], "--grid=a=1,1 has a value twice"),
    (["a=1", "a=2"], "--grid has a twice"),
  ],
)
def test_grids_of_another_form_are_refused(texts, message):
  with pytest.raises(UserError, match=message):
    parse_grid(texts)


def test_seeds_are_numbers_and_ranges():
  assert parse_seeds(["3", "10-12", "0"]) == [3, 10, 11, 12, 0]


@pytest.mark.parametrize("texts", [[], ["x"], ["4-2"], ["1", "0-2"], ["-1"]])
def test_seeds_of_another_form_are_refused(texts):
  with pytest.raises(UserError, match="--seeds"):
    parse_seeds(texts)
