"""What holds for the cascade at any step, whatever its lengths are."""

import itertools

import hypothesis
import numpy as np
from hypothesis import strategies as st

from cascade_jax.methods.cascade import Cascade, WarmUp
from tests.helpers.properties import properties

_LOW, _HIGH = 0.5, 8.0
_WARM_UPS = st.lists(
  st.builds(WarmUp, st.sampled_from([20.0, 40.0]), st.integers(1, 9)),
  max_size=3,
).map(tuple)


@st.composite
def _cascades(draw):
  return Cascade(
    num_continuous=draw(st.integers(1, 8)),
    beta_low=_LOW,
    beta_high=_HIGH,
    phase_steps=draw(st.integers(1, 9)),
    discrete_start_phase=draw(st.none() | st.integers(0, 8)),
    warm_up=draw(_WARM_UPS),
    taught_phases=draw(st.integers(0, 5)),
    opens_rest_together=draw(st.booleans()),
  )


def _stages(cascade):
  phases = 8 + cascade.num_continuous + cascade.taught_phases + 2
  return [cascade.stage(step) for step in range(cascade.start_of(phases))]


@properties(100)
@hypothesis.given(_cascades())
def test_nothing_is_taken_back(cascade):
  """Phases, open dimensions and the code only ever go forward."""
  stages = _stages(cascade)
  after = stages[cascade.warm_up_steps :]
  assert all(a.phase <= b.phase for a, b in itertools.pairwise(stages))
  assert all(
    a.open_dimensions <= b.open_dimensions for a, b in itertools.pairwise(after)
  )
  assert all(a.discrete <= b.discrete for a, b in itertools.pairwise(stages))
  assert after[-1].open_dimensions == cascade.num_continuous


@properties(100)
@hypothesis.given(_cascades())
def test_weights_are_of_the_open_dimensions(cascade):
  for step, stage in enumerate(_stages(cascade)):
    if step < cascade.warm_up_steps:
      assert not stage.discrete and len(set(stage.kl_weights)) == 1
      continue
    expected = [_LOW] * stage.open_dimensions
    expected += [_HIGH] * (cascade.num_continuous - stage.open_dimensions)
    np.testing.assert_array_equal(stage.kl_weights, expected)


@properties(100)
@hypothesis.given(_cascades())
def test_one_thing_happens_at_a_time(cascade):
  """A phase opens one dimension, or starts the code, or opens all the rest."""
  after = _stages(cascade)[cascade.warm_up_steps :]
  for before, stage in itertools.pairwise(after):
    opened = stage.open_dimensions - before.open_dimensions
    if stage.discrete and not before.discrete:
      assert opened == 0
    if opened > 1:
      assert cascade.opens_rest_together
      assert stage.open_dimensions == cascade.num_continuous
    if before.phase == stage.phase:
      np.testing.assert_array_equal(before.kl_weights, stage.kl_weights)
      assert before.discrete == stage.discrete


@properties(100)
@hypothesis.given(_cascades())
def test_code_is_taught_from_its_start_for_so_many_phases(cascade):
  stages = _stages(cascade)
  taught = [stage.taught for stage in stages]
  assert not any(s.taught and not s.discrete for s in stages)
  if cascade.discrete_start_phase is None:
    assert not any(taught)
    return
  first = cascade.start_of(cascade.discrete_start_phase)
  last = first + cascade.taught_phases * cascade.phase_steps
  assert taught == [first <= step < last for step in range(len(stages))]
