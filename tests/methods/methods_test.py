"""Every method through the loop: what holds for all of them, however made."""

import inspect
import math
import pathlib
import re
import sys

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import data, methods, report, sharding
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate, pictures, scores
from cascade_jax.methods import Method, registry
from cascade_jax.runs import log_file
from cascade_jax.training import loop, stepper
from cascade_jax.types import (
  Representation,
  Stage,
  StepInputs,
  StepMetrics,
  TrainState,
)
from tests.helpers.stopping import stopped_and_resumed

SMALL = {"discriminator_units": 8, "discriminator_layers": 2}
VARIANTS = [
  *[(name, {}) for name in sorted(methods.METHODS)],
  ("beta_vae", {"beta_vae.capacity": 2.0}),
  ("cascade_vae", {"num_categories": (2, 3)}),
  ("joint_vae", {"num_categories": (2, 3)}),
]
IDS = [name + "+" * bool(changes) for name, changes in VARIANTS]


@pytest.fixture(params=VARIANTS, ids=IDS)
def config(request, tiny_config):
  """Each method's tiny run."""
  tiny_config.method, changes = request.param
  tiny_config.num_steps, tiny_config.log_every = 6, 2
  tiny_config.evaluate_every = 6
  for group in (tiny_config.aae, tiny_config.factor_vae):
    group.update({key: SMALL[key] for key in group if key in SMALL})
  tiny_config.update_from_flattened_dict(changes)
  return tiny_config


def test_resumed_evaluated_and_reported(
  config, tiny_dataset, tmp_path, monkeypatch
):
  """Stopped at step 3 and resumed: bit for bit the uninterrupted run."""
  values = np.linspace(-1, 1, 3, dtype=np.float32)
  monkeypatch.setattr(pictures, "_TRAVERSAL_VALUES", values)
  whole, stopped = tmp_path / "whole", tmp_path / "stopped"
  expected = loop.train(config, whole, tiny_dataset)
  state = stopped_and_resumed(
    monkeypatch, 3, lambda: loop.train(config, stopped, tiny_dataset)
  )
  chex.assert_trees_all_equal(jax.device_get(state), jax.device_get(expected))
  chex.assert_tree_all_finite(state.params)
  records = log_file.read(whole)
  assert [record["step"] for record in records] == [2, 4, 6]
  for record in records:
    assert np.isfinite([record["loss"], record["reconstruction"]]).all()

  evaluation = evaluate.evaluate_run(whole, dataset=tiny_dataset)
  method = methods.build(config, tiny_dataset.image_shape)
  has_code = bool(method.num_categories)
  for name in scores.NAMES:  # both are of all 30 images
    assert evaluation[name] == records[-1][name]
  assert 0 <= evaluation["disentanglement_score"] <= 1
  assert 0 <= evaluation["disentanglement_score_dlib"] <= 1
  assert (evaluation["classification_accuracy"] is not None) == has_code
  if evaluation["kl"] is None:
    assert evaluation["elbo_at_mean"] is None
  else:
    costs = evaluation["reconstruction"] + sum(evaluation["kl"])
    num_codes = math.prod(method.num_categories)
    np.testing.assert_allclose(
      -evaluation["elbo_at_mean"], costs + math.log(num_codes), rtol=1e-6
    )
  with np.load(whole / "evaluation.npz") as arrays:
    rows = math.prod(method.num_categories)  # 1 without a code
    assert arrays["traversals"].shape[1:3] == (rows, config.num_continuous)
  page = report.write_report(whole).read_text()
  assert "Traversals" in page and "Training" in page


def take_three(config, dataset, monkeypatch, seeds, most):
  """States after three steps, `most` a call, the seeds side by side."""
  monkeypatch.setattr(stepper, "steps_per_call", lambda _: most)
  config.seed, config.num_replicas = seeds[0], len(seeds)
  method = methods.build(config, dataset.image_shape)
  spread = sharding.on(jax.local_devices()[:1], len(seeds))
  on_device = stepper.device_dataset(dataset, method, spread)
  taker = stepper.Stepper(config, method, on_device, spread)
  init = jax.jit(method.init)
  groups = spread.split([init(seed) for seed in seeds])
  stage = method.schedule(0)
  for first in range(0, 3, most):
    groups, outcomes, _ = taker.take(groups, first, first + most, stage)
  return spread.join(groups), spread.join(outcomes)


def test_side_by_side_and_many_steps_a_call_change_nothing(
  config, tiny_dataset, monkeypatch
):
  """As an accelerator takes them: replicas under vmap, steps in a loop."""
  config.phase_steps = 10
  run = config, tiny_dataset, monkeypatch
  states, outcomes = take_three(*run, seeds=(3, 4), most=3)
  (state,), (outcome,) = take_three(*run, seeds=(4,), most=1)
  chex.assert_trees_all_close(states[1], state, rtol=2e-3, atol=1e-4)
  chex.assert_trees_all_close(outcomes[1], outcome, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("name", sorted(methods.METHODS))
def test_representation_is_of_the_promised_shapes(name, tiny_config):
  tiny_config.method = name
  method = methods.build(tiny_config, (16, 16, 1))
  state = jax.eval_shape(method.init, 0)
  images = jax.ShapeDtypeStruct((5, 16, 16, 1), np.float32)
  has_code = bool(method.num_categories)
  codes = jax.eval_shape(
    lambda params, images: method.represent(params, images, has_code),
    state.params,
    images,
  )
  m, num_variables = tiny_config.num_continuous, len(method.num_categories)
  chex.assert_shape((codes.mean, codes.scale), (5, m))
  chex.assert_shape(codes.categories, (5, num_variables))
  chex.assert_shape(codes.reconstruction, (5,))
  assert codes.categories.dtype == np.int32


def documented_examples():
  """A method of one's own, its config file, and a step, of docs/methods.md."""
  docs = pathlib.Path(__file__).parents[2] / "docs" / "methods.md"
  return re.findall(r"```python\n(.*?)```", docs.read_text(), re.DOTALL)


def test_method_of_ones_own_is_one_file(
  tiny_config, tiny_dataset, tmp_path, monkeypatch
):
  source, config_file, _ = documented_examples()
  assert len(source.splitlines()) < 40
  (tmp_path / "dip_vae.py").write_text(source)
  monkeypatch.syspath_prepend(str(tmp_path))
  monkeypatch.delitem(sys.modules, "dip_vae", raising=False)
  tiny_config.method = "dip_vae"
  loop.train(tiny_config, tmp_path / "run", tiny_dataset)
  evaluation = evaluate.evaluate_run(tmp_path / "run", dataset=tiny_dataset)
  assert len(evaluation["kl"]) == 3
  record = log_file.read(tmp_path / "run")[-1]
  parts = sum(record["kl"]) + record["covariance_penalty"]
  np.testing.assert_allclose(
    record["loss"], record["reconstruction"] + parts, rtol=1e-5
  )
  names = {}
  exec(config_file, names)
  own = names["get_config"]()
  assert own.method == "dip_vae" and own.dip_vae.strength == 10.0
  methods.build(own, tiny_dataset.image_shape)


def test_step_by_hand_in_the_docs():
  names = {}
  exec(documented_examples()[2], names)
  assert names["state"].step == 1 and np.isfinite(names["metrics"].loss)
  assert set(np.unique(names["categories"])) <= {0, 1, 2}


def mean_image(config, image_shape):
  """The least that a method can be: one image for all, no forward pass."""
  m = config.num_continuous

  def update(state, batch, inputs):
    assert inputs == StepInputs()
    target = batch.images.mean(axis=0)
    loss = ((state.params - target) ** 2).sum()
    params = state.params + 0.5 * (target - state.params)
    state = state._replace(step=state.step + 1, params=params)
    return state, StepMetrics(loss, loss, None, {})

  def represent(params, images, discrete):
    zeros = jnp.zeros((len(images), m))
    categories = jnp.zeros((len(images), 0), jnp.int32)
    error = ((images - params) ** 2).sum(axis=(1, 2, 3))
    return Representation(zeros, zeros, categories, error)

  return Method(
    schedule=lambda step: Stage(0, False),
    init=lambda seed: TrainState(
      jnp.int32(0), jnp.uint32(seed), jnp.zeros(image_shape), ()
    ),
    update=update,
    represent=represent,
    decode=lambda params, latents, categories: jnp.broadcast_to(
      params, (len(latents), *image_shape)
    ),
  )


def test_method_without_a_forward_pass_of_its_own(
  tiny_config, tiny_dataset, tmp_path, monkeypatch
):
  monkeypatch.setattr(methods, "build", mean_image)
  state = loop.train(tiny_config, tmp_path, tiny_dataset)
  assert state.step == 8
  evaluation = evaluate.evaluate_run(tmp_path, dataset=tiny_dataset)
  assert evaluation["kl"] is None
  report.write_report(tmp_path)


def test_supervised_method_needs_classes(tiny_dataset):
  unlabelled = tiny_dataset._replace(class_factor=None)
  with pytest.raises(UserError, match="has none; name its class_factor"):
    data.true_classes(unlabelled, (3,))


def test_own_modules_are_named_where_they_fail(
  tiny_config, tmp_path, monkeypatch
):
  (tmp_path / "broken_vae.py").write_text("import not_installed")
  monkeypatch.syspath_prepend(str(tmp_path))
  for name, message in (
    ("broken_vae", "config.method 'broken_vae': No module.*'not_installed'"),
    ("no_such_module", "config.method is 'no_such_module'; there are .*beta"),
    ("json", "a module without build"),
  ):
    tiny_config.method = name
    with pytest.raises(ValueError, match=message):
      methods.build(tiny_config, (16, 16, 1))


@pytest.mark.parametrize("name", sorted(methods.METHODS))
def test_each_method_says_where_it_is_from(name):
  entry = methods.METHODS[name]
  builder = getattr(entry.build, "func", entry.build)  # if it is partial
  assert re.search(r"20\d\d", inspect.getmodule(builder).__doc__)
  assert re.search(r"20\d\d", entry.about.authors)
  assert entry.about.title and entry.about.url.startswith("https://")
  assert getattr(methods, name) is entry.build


@pytest.mark.parametrize("name", sorted(methods.METHODS))
def test_each_method_is_built_from_plain_keyword_arguments(name, tiny_config):
  """With the settings of a config, it is the method of that config."""
  method = methods.METHODS[name].build((16, 16, 1))
  tiny_config.method = name
  tiny_config.update(
    {
      key: parameter.default
      for key, parameter in inspect.signature(
        methods.METHODS[name].build
      ).parameters.items()
      if key in registry.reads(name) and key != "batch_size"
    }
  )
  of_config = methods.build(tiny_config, (16, 16, 1))
  for attribute in ("num_categories", "solves_codes", "is_supervised"):
    assert getattr(method, attribute) == getattr(of_config, attribute)
  chex.assert_trees_all_equal_shapes_and_dtypes(
    *(jax.eval_shape(each.init, 0) for each in (method, of_config))
  )


def test_annealed_variant_has_an_origin_of_its_own():
  about = methods.about({"method": "beta_vae", "beta_vae": {"capacity": 25.0}})
  assert about.authors == "Burgess et al. 2018" and not about.published
  plain = methods.about({"method": "beta_vae", "beta_vae": {"capacity": 0.0}})
  assert plain.published[10] == ("74.41 ± 7.68",)
  assert methods.about({"method": "my_own"}) is None


def test_taught_codes_are_named_and_not_compared_with_the_paper():
  config = {"method": "cascade_vae", "cascade_vae": {"taught_phases": 2}}
  about = methods.about(config)
  assert "taught" in about.title and not about.published
  config["cascade_vae"]["taught_phases"] = 0
  assert methods.about(config).published[6][0] == "90.49 ± 5.28"
  assert methods.about({"method": "cascade_vae"}).title == "CascadeVAE"
