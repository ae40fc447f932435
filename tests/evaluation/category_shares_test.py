import numpy as np
import pytest

from cascade_jax.errors import UserError
from cascade_jax.evaluation.category_shares import category_shares, of_run
from cascade_jax.training import loop


def test_shares_are_those_of_a_loop():
  rng = np.random.default_rng(0)
  categories, classes = rng.integers(3, size=(2, 200))
  values = rng.integers(5, size=200)
  values[classes == 2] %= 4  # no image of class 2 and value 4
  shares = category_shares(categories, classes, values, (3, 3, 5))
  for c in range(3):
    for v in range(5):
      chosen = categories[(classes == c) & (values == v)]
      if not len(chosen):
        assert np.isnan(shares[c, v]).all()
        continue
      expected = [(chosen == k).mean() for k in range(3)]
      np.testing.assert_allclose(shares[c, v], expected)
  assert np.isnan(shares[2, 4]).all()


@pytest.fixture
def run(tiny_config, tiny_dataset, tmp_path, monkeypatch):
  """The folder of a run with checkpoints before and after the code's start."""
  tiny_config.checkpoint_every, tiny_config.keep_checkpoints = 2, 9
  loop.train(tiny_config, tmp_path, tiny_dataset)
  monkeypatch.setattr(loop.data, "load", lambda **options: tiny_dataset)
  return tmp_path


def test_each_checkpoint_with_the_code_has_shares(run):
  shares, names = of_run(run, "x", 0)
  assert list(shares) == [4, 6, 8]  # the code starts after step 2
  assert names == ("shape 0", "shape 1", "shape 2")
  for of_step in shares.values():
    assert of_step.shape == (3, 10, 3)
    np.testing.assert_allclose(of_step.sum(axis=-1), 1)


def test_unknown_factor_is_refused(run):
  with pytest.raises(UserError, match="--factor is 'angle'.*'shape', 'x'"):
    of_run(run, "angle", 0)
