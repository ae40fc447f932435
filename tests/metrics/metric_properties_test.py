"""Ranges and invariances of the metrics, on random codes of any kind."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from cascade_jax import metrics
from tests.helpers.properties import properties

_EXAMPLES = 64
# Fast metrics, whose value has no randomness in it.
_FUNCTIONS = {
  "mig": metrics.mutual_information_gap,
  "robust_mig": metrics.robust_mutual_information_gap,
  "modularity": metrics.modularity,
}


def _score(name, codes):
  means, factors, categories = codes
  return _FUNCTIONS[name](means, factors, categories=categories).score


@st.composite
def _codes(draw):
  """Means [N, 3], factors [N, 2] and categories [N, 1], related or not."""
  rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
  sizes = draw(st.tuples(st.integers(2, 5), st.integers(2, 5)))
  factors = np.stack([rng.integers(0, size, _EXAMPLES) for size in sizes], 1)
  factors[: max(sizes)] = np.arange(max(sizes))[:, None] % sizes  # all occur
  noise = draw(st.sampled_from([0.0, 0.1, 0.3, 3.0]))
  means = factors[:, [0, 1, 0]] / 4 - 0.5
  means += noise * rng.uniform(-1, 1, (_EXAMPLES, 3))  # within [-4, 4]
  shuffled = draw(st.booleans())
  categories = factors[:, :1] if not shuffled else rng.integers(0, 3, (64, 1))
  return means, factors, categories


@pytest.mark.parametrize("name", _FUNCTIONS)
@properties(40)
@hypothesis.given(codes=_codes(), random=st.randoms())
def test_order_and_names_do_not_matter(name, codes, random):
  means, factors, categories = codes
  rows = list(range(_EXAMPLES))
  random.shuffle(rows)
  columns = random.sample(range(3), 3)
  renamed = np.asarray(random.sample(range(5), 5))  # of the factors' values
  expected = _score(name, codes)
  changed = means[rows][:, columns], renamed[factors[rows]], categories[rows]
  assert _score(name, changed) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", _FUNCTIONS)
@properties(40)
@hypothesis.given(codes=_codes())
def test_score_lies_between_0_and_1(name, codes):
  assert -1e-12 <= _score(name, codes) <= 1 + 1e-12


@properties(40)
@hypothesis.given(codes=_codes(), random=st.randoms())
def test_names_of_categories_do_not_matter(codes, random):
  _, factors, categories = codes
  labels, classes = categories[:, 0], factors[:, 1]
  renamed = np.asarray(random.sample(range(5), 5))
  for function, fields in (
    (metrics.classification_accuracy, ("accuracy",)),
    (metrics.category_agreement, ("nmi", "ari")),
  ):
    plain = function(labels, classes)
    changed = function(renamed[labels], renamed[classes])
    for field in fields:
      assert getattr(changed, field) == pytest.approx(getattr(plain, field))
      assert getattr(plain, field) <= 1 + 1e-12


@properties(40)
@hypothesis.given(codes=_codes(), scale=st.sampled_from([0.125, 2.0, 64.0]))
def test_units_of_a_dimension_do_not_matter(codes, scale):
  means, factors, categories = codes
  changed = scale * means, factors, categories  # exact: a power of two
  assert _score("mig", changed) == pytest.approx(_score("mig", codes))
