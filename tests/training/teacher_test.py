import chex
import jax
import numpy as np
import pytest

from cascade_jax import connectivity, methods
from cascade_jax.runs import log_file
from cascade_jax.training import loop
from cascade_jax.training.teacher import agreement, teacher_of
from cascade_jax.types import Representation
from tests.helpers.stopping import stopped_and_resumed


@pytest.fixture
def asked(monkeypatch):
  """The settings that a stand-in for the guess was asked with.

  The stand-in's category of image i is i + seed modulo S.
  """
  settings_of_calls = []

  def guess_categories(images_of, num_images, num_categories, **settings):
    images = images_of(np.arange(num_images))
    assert images.dtype == np.float32 and images.shape[1:] == (16, 16, 1)
    settings_of_calls.append(settings)
    categories = (np.arange(num_images) + settings["seed"]) % num_categories
    return connectivity.Guess(
      categories.astype(np.int32), np.bincount(categories), 5, None, None
    )

  monkeypatch.setattr(connectivity, "guess_categories", guess_categories)
  return settings_of_calls


@pytest.fixture
def taught_config(tiny_config):
  """The code starts at step 2 and is taught for three of eight steps."""
  tiny_config.phase_steps = 1
  tiny_config.discrete_start_phase = 2
  tiny_config.cascade_vae.taught_phases = 3
  tiny_config.cascade_vae.guess_registration = "none"
  return tiny_config


def test_categories_are_those_of_the_guess(asked, taught_config, tiny_dataset):
  method = methods.build(taught_config, tiny_dataset.image_shape)
  teacher = teacher_of(method, tiny_dataset)
  indices = np.array([[4, 0, 29], [5, 6, 7]])
  for _ in range(2):  # the second time without another guess
    for seed in (0, 1):
      np.testing.assert_array_equal(
        teacher.categories(seed, indices), (indices + seed) % 3
      )
  assert asked == [
    {"seed": seed, "registration": "none", "cut": "components"}
    for seed in (0, 1)
  ]


def test_methods_without_taught_stages_have_no_teacher(tiny_dataset):
  assert teacher_of(methods.cascade_vae((16, 16, 1)), tiny_dataset) is None


def test_agreement_is_the_share_of_equal_categories(
  asked, taught_config, tiny_dataset
):
  method = methods.build(taught_config, tiny_dataset.image_shape)
  teacher = teacher_of(method, tiny_dataset)
  indices = np.array([3, 4, 5, 6])
  categories = np.array([[0], [1], [1], [1]])  # guess: 0 1 2 0
  inferred = Representation(None, None, categories, None)
  assert agreement(teacher, indices, 0, inferred) == {"guess_agreement": 0.5}
  assert agreement(None, indices, 0, inferred) == {}
  off = inferred._replace(categories=np.zeros((4, 0), np.int32))
  assert agreement(teacher, indices, 0, off) == {}


def test_codes_of_taught_phases_are_the_guess(
  asked, taught_config, tiny_dataset, tmp_path, monkeypatch
):
  seen = []
  build = methods.build

  def spying_build(config, image_shape):
    method = build(config, image_shape)

    def update(state, batch, inputs):
      jax.debug.callback(
        lambda *values: seen.append(jax.device_get(values)),
        state.step,
        inputs.categories,
        ordered=True,
      )
      return method.update(state, batch, inputs)

    return method._replace(update=update)

  monkeypatch.setattr(methods, "build", spying_build)
  loop.train(taught_config, tmp_path, tiny_dataset)
  jax.effects_barrier()
  categories = {int(step): values for step, values in seen}
  for step in range(8):
    batch = loop.data.batch_indices(30, 4, 0, step)
    if step < 2:
      assert (categories[step] == -1).all()
    elif step < 5:
      np.testing.assert_array_equal(categories[step], batch % 3)
  assert any(
    (categories[step] != loop.data.batch_indices(30, 4, 0, step) % 3).any()
    for step in range(5, 8)
  )
  entries = log_file.read(tmp_path)
  scored = [entry for entry in entries if "guess_agreement" in entry]
  assert [entry["step"] for entry in scored] == list(range(3, 9))
  assert ["flow_differs" in entry for entry in entries[2:]] == (
    [False] * 3 + [True] * 3
  )
  assert (
    entries[3]["counts"] == np.bincount(categories[3], minlength=3).tolist()
  )


@pytest.mark.parametrize(
  ("last_step", "num_replicas"),
  [(1, 1), (3, 2)],
  ids=["before a transition", "taught, of two replicas"],
)
def test_resumed_run_of_the_recipe_is_the_uninterrupted_one(
  asked,
  taught_config,
  tiny_dataset,
  tmp_path,
  monkeypatch,
  last_step,
  num_replicas,
):
  taught_config.num_continuous = 4
  taught_config.discrete_start_phase = 1
  taught_config.cascade_vae.update(
    warm_up_weights=(30.0, 10.0),
    warm_up_steps=(1, 1),
    aligns_dimensions=True,
    opens_rest_together=True,
    learning_rate_phases=(2, 4),
    learning_rate_factors=(2.0, 0.3),
    taught_phases=2,
  )
  taught_config.num_replicas = num_replicas
  expected = loop.train(taught_config, tmp_path / "whole", tiny_dataset)
  state = stopped_and_resumed(
    monkeypatch,
    last_step,
    lambda: loop.train(taught_config, tmp_path / "stopped", tiny_dataset),
  )
  chex.assert_trees_all_equal(*jax.device_get((state, expected)))
