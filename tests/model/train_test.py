import re

import numpy as np
import pytest

import cascade_jax
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.model.train import _with_settings
from cascade_jax.runs import workdir
from tests.helpers import tiny_run


def test_trains_scores_and_reports_images_and_returns_their_model(tmp_path):
  images = np.random.default_rng(0).integers(0, 2, (30, 16, 16), np.uint8)
  folder = tmp_path / "run"
  model = cascade_jax.train(images, folder, tiny_run.tiny_config(), num_steps=5)
  assert model.contents.step == 5 and model.scores["step"] == 5
  assert "explore.html" in (folder / "report.html").read_text()
  assert (folder / "explore.html").exists()
  with pytest.raises(UserError, match="handed over by a Python program"):
    evaluate.evaluate_run(folder)
  with pytest.raises(UserError, match="holds a run on other images"):
    cascade_jax.train(1 - images, folder, tiny_run.tiny_config(), num_steps=6)
  assert workdir.read_config(folder).num_steps == 5


def test_phases_follow_the_number_of_steps_of_the_default_config():
  config = _with_settings(None, {"num_steps": 500, "num_categories": (4,)})
  assert config.phase_steps == 50 and config.num_categories == (4,)
  config = _with_settings(None, {"num_steps": 500, "phase_steps": 7})
  assert config.phase_steps == 7


def test_groups_of_settings_are_given_as_a_dict():
  config = _with_settings(None, {"cascade_vae": {"taught_phases": 6}})
  assert config.cascade_vae.taught_phases == 6
  assert config.cascade_vae.guess_cut == "components"


def test_the_given_config_stays_as_it_is():
  config = tiny_run.tiny_config()
  _with_settings(config, {"num_steps": 3})
  assert config.num_steps == 8


@pytest.mark.parametrize(
  ("settings", "message"),
  [
    ({"num_step": 3}, "no setting num_step"),
    ({"num_steps": "many"}, "num_steps"),
    ({"num_replicas": 2}, "one seed at a time"),
    ({"beta_high": 1e300}, "config.beta_high is 1e+300"),
    ({"data": {"path": "mine.npz"}}, "data.path has no effect: data set 'giv"),
    ({"method": "aae", "beta_high": 3.0}, "method 'aae' does not read it"),
  ],
)
def test_impossible_settings_are_refused(settings, message, tmp_path):
  images = np.zeros((8, 16, 16), np.uint8)
  with pytest.raises(UserError, match=re.escape(message)):
    cascade_jax.train(images, tmp_path / "run", **settings)
  assert not (tmp_path / "run").exists()
