"""The ablation of the flow: its loss against NumPy, and a run through it."""

import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.reproduce import gumbel_cascade
from cascade_jax.runs import log_file
from cascade_jax.training import loop
from cascade_jax.types import Batch, LossInputs
from tests.helpers import linear_networks
from tests.helpers.tiny_run import tiny_config, tiny_dataset
from tests.methods.joint_vae_test import BATCH, M, in_numpy

S = 3
WEIGHTS = np.array([0.5, 2.0, 4.0], np.float32)


@pytest.mark.parametrize("step", [4, 5])
def test_the_loss_is_that_of_numpy_and_the_code_starts_in_time(step):
  params, images = linear_networks.problem(2 * M + S, M + S)
  rng = np.random.default_rng(1)
  normal, gumbel = rng.standard_normal((BATCH, M)), rng.gumbel(size=(BATCH, S))
  nll, kl, kl_discrete = in_numpy(params, images, (S,), normal, gumbel, 0.67)
  if step < 5:
    mean, scale = linear_networks.posterior_in_numpy(params, images, M)
    zeros = np.zeros((BATCH, S))
    latents = mean + scale * normal
    nll = linear_networks.nll_in_numpy(params, images, latents, zeros)
    kl_discrete = np.zeros(BATCH)
  total, parts = gumbel_cascade.loss(
    linear_networks.LinearNetworks(),
    params,
    Batch(images),
    LossInputs(
      jnp.zeros((BATCH, S)),
      (jnp.float32(normal), jnp.float32(gumbel)),
      jnp.array(WEIGHTS),
      jnp.int32(step),
    ),
    num_categories=S,
    first_step=5,
    code_weight=0.25,
    weight_penalty=0.01,
  )
  expected = nll.mean() + (WEIGHTS * kl.mean(0)).sum()
  expected += 0.25 * kl_discrete.mean()
  expected += linear_networks.penalty_in_numpy(params, 0.01)
  np.testing.assert_allclose(total, expected, rtol=1e-5)
  np.testing.assert_allclose(parts.reconstruction, nll.mean(), rtol=1e-5)
  np.testing.assert_allclose(
    parts.terms["kl_discrete"], kl_discrete.mean(), rtol=1e-4, atol=1e-7
  )


def test_a_run_has_categories_from_the_phase_on_in_which_the_code_starts(
  tmp_path,
):
  config = tiny_config()
  config.method = "cascade_jax.reproduce.gumbel_cascade"
  loop.train(config, tmp_path, tiny_dataset())
  entries = log_file.read(tmp_path)
  on = [entry["discrete"] for entry in entries]
  assert on == [False] * 2 + [True] * 6
  assert [entry["kl_discrete"] > 0 for entry in entries] == on
  scored = [entry for entry in entries if "scored_images" in entry]
  accuracies = [entry["classification_accuracy"] for entry in scored]
  assert accuracies[0] is None and accuracies[-1] >= 1 / S
  evaluation = evaluate.evaluate_run(tmp_path, dataset=tiny_dataset())
  assert evaluation["classification_accuracy"] >= 1 / S


def test_several_discrete_variables_are_refused():
  config = tiny_config()
  config.num_categories = (3, 2)
  with pytest.raises(UserError, match=r"is \(3, 2\); it must name one number"):
    gumbel_cascade.build(config, (16, 16, 1))
