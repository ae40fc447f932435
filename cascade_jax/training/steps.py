"""The compiled steps of a run.

There are two ways to take a step: `forward`, then the codes are solved for on
the host or by `assign`, then `update`; or `run`, which takes many steps in one
call where nothing needs the host.

Shapes: R replicas, n steps, B batch, S categories, K joint codes.
"""

import functools
from typing import Any, Generic, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from cascade_jax.assignment.device import assign_categories
from cascade_jax.assignment.gaps import GAP_EDGES, gap_counts
from cascade_jax.data import DeviceDataset
from cascade_jax.methods import Method
from cascade_jax.sharding import Spread, Unstacked
from cascade_jax.types import (
  ArrayT,
  Batch,
  ForwardPass,
  StepInputs,
  StepMetrics,
  TrainState,
)


class SolvedCodes(NamedTuple, Generic[ArrayT]):
  """Codes of one batch, and what the log says of them."""

  categories: ArrayT  # [B] int32, joint codes
  counts: ArrayT  # [S] samples in each category; zeros while the code is off
  # Without unary costs, as in taught stages, there are none of these.
  flow_differs: ArrayT | None  # [] share whose code is not its argmin
  gap_counts: ArrayT | None  # [G] samples by the gap of their unary costs


AnyCodes = SolvedCodes[jax.Array] | SolvedCodes[np.ndarray]


class StepOutcome(NamedTuple):
  """What one step says for the log; every array has R first."""

  metrics: StepMetrics
  codes: AnyCodes | None  # None for methods whose codes are not solved for


def zero_codes(
  method: Method, batch_size: int
) -> SolvedCodes[np.ndarray] | None:
  """Returns what stands for solved codes while the code is off, in NumPy.

  None for methods whose codes are not solved for.
  """
  if not method.solves_codes:
    return None
  return SolvedCodes(
    np.full(batch_size, -1, np.int32),
    np.zeros(sum(method.num_categories), np.int32),
    np.zeros((), np.float32),
    np.zeros(len(GAP_EDGES) + 1, np.int32),
  )


def taught_codes(
  guess: np.ndarray, num_categories: int
) -> SolvedCodes[np.ndarray]:
  """Returns what stands for solved codes while they are taught.

  Args:
    guess: `[R, B]`, the categories.
    num_categories: S.
  """
  counts = (guess[..., None] == np.arange(num_categories)).sum(axis=-2)
  return SolvedCodes(guess, counts, None, None)


def solved_codes(
  categories: ArrayT, counts: ArrayT, unary_costs: ArrayT
) -> SolvedCodes[ArrayT]:
  """Returns codes with what the log says of them.

  Args:
    categories: `[..., B]`, joint codes.
    counts: `[..., S]`, samples in each category.
    unary_costs: `[..., B, K]`, that the codes were solved for from.
  """
  differs = categories != unary_costs.argmin(axis=-1)
  gaps = gap_counts(unary_costs)
  return SolvedCodes(categories, counts, differs.mean(axis=-1), gaps)


def unary_costs_of(forward_pass: ForwardPass | None) -> jax.Array:
  """Returns the unary costs `[..., B, K]` of a method that solves codes."""
  assert forward_pass is not None and forward_pass.unary_costs is not None
  return forward_pass.unary_costs


class Steps:
  """The steps of a method, compiled once with and once without the code.

  `forward`, `assign`, `update` and `run` take and return arrays stacked over
  replicas, but for the data set and the KL weights, which replicas share.

  Args:
    method: bare functions of one replica.
    spread: how replicas are held.
    pairwise_weight: nats for each unordered pair in a category, for `assign`.
    batch_size: B.
  """

  def __init__(
    self,
    method: Method,
    spread: Spread,
    pairwise_weight: float,
    batch_size: int,
  ) -> None:
    self._method = method
    self._spread = spread
    self._pairwise_weight = pairwise_weight
    self._batch_size = batch_size
    self.forward = jax.jit(self._forward, static_argnames="discrete")
    self.assign = jax.jit(self._assign)
    self.update = jax.jit(self._update, donate_argnames="state")
    self.run = jax.jit(
      self._run, donate_argnames="state", static_argnames="discrete"
    )

  # Functions of R replicas.

  def _forward(
    self,
    state: TrainState,
    data: DeviceDataset,
    indices: jax.Array,  # [R, B]
    discrete: bool,
  ) -> ForwardPass:
    of_replica = functools.partial(self._replica_forward, discrete=discrete)
    return self._spread.over(of_replica)(data, state, indices)

  def _assign(
    self,
    unary_costs: jax.Array,  # [R, B, K]
  ) -> SolvedCodes[jax.Array]:
    return self._spread.over(self._replica_assign)((), unary_costs)

  def _update(
    self,
    state: TrainState,  # its memory is used again
    data: DeviceDataset,
    indices: jax.Array,  # [R, B]
    kl_weights: jax.Array | None,
    forward_pass: ForwardPass | None,
    categories: jax.Array | None,  # [R, B]
  ) -> tuple[TrainState, StepMetrics]:
    shared = data, kl_weights
    return self._spread.over(self._replica_update)(
      shared, state, indices, forward_pass, categories
    )

  def _run(
    self,
    state: TrainState,  # its memory is used again
    data: DeviceDataset,
    indices: jax.Array,  # [R, n, B]
    count: jax.Array,  # how many of the n steps to take
    kl_weights: jax.Array | None,
    discrete: bool,
  ) -> tuple[TrainState, StepOutcome]:
    of_replica = functools.partial(self._replica_run, discrete=discrete)
    shared = data, count, kl_weights
    return self._spread.over(of_replica)(shared, state, indices)

  # Functions of one replica, whose first argument all replicas share.

  def _replica_forward(
    self,
    data: DeviceDataset,
    state: TrainState,
    indices: jax.Array,  # [B]
    discrete: bool,
  ) -> ForwardPass:
    assert self._method.forward is not None
    batch = self._batch(data, indices)
    forward_pass = self._method.forward(state, batch, discrete)
    residuals = Unstacked(forward_pass.residuals)
    costs = forward_pass.unary_costs
    if costs is not None:
      costs = self._spread.gather(costs)  # the flow is that of the whole batch
    return forward_pass._replace(residuals=residuals, unary_costs=costs)

  def _replica_assign(
    self,
    _: tuple[()],
    unary_costs: jax.Array,  # [B, K]
  ) -> SolvedCodes[jax.Array]:
    (num_categories,) = self._method.num_categories
    unary_costs = self._spread.gather(unary_costs)  # each device solves for all
    categories = assign_categories(unary_costs, self._pairwise_weight)
    counts = jnp.bincount(categories, length=num_categories)
    return solved_codes(categories, counts, unary_costs)

  def _replica_update(
    self,
    shared: tuple[DeviceDataset, jax.Array | None],
    state: TrainState,
    indices: jax.Array,  # [B]
    forward_pass: ForwardPass | None,
    categories: jax.Array | None,  # [B]
  ) -> tuple[TrainState, StepMetrics]:
    data, kl_weights = shared
    if forward_pass is not None:
      residuals = forward_pass.residuals.arrays
      forward_pass = forward_pass._replace(residuals=residuals)
    inputs = StepInputs(kl_weights, categories, forward_pass)
    return self._updated(state, self._batch(data, indices), inputs)

  def _replica_run(
    self,
    shared: tuple[DeviceDataset, jax.Array, jax.Array | None],
    state: TrainState,
    indices: jax.Array,  # [n, B]
    discrete: bool,
  ) -> tuple[TrainState, StepOutcome]:
    data, count, kl_weights = shared

    def take(
      k: int | jax.Array, carry: tuple[TrainState, Any]
    ) -> tuple[TrainState, StepOutcome]:
      state, _ = carry
      batch = self._batch(data, indices[k])
      return self._whole_step(state, batch, kl_weights, discrete)

    shapes = jax.eval_shape(lambda: take(0, (state, None)))[1]
    nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    # The count is an argument, so one compilation serves every length.
    return lax.fori_loop(0, count, take, (state, nothing))

  def _whole_step(
    self,
    state: TrainState,
    batch: Batch,
    kl_weights: jax.Array | None,
    discrete: bool,
  ) -> tuple[TrainState, StepOutcome]:
    forward_pass: ForwardPass | None = None
    codes: SolvedCodes[jax.Array] | None = None
    if self._method.forward is not None:
      forward_pass = self._method.forward(state, batch, discrete)
    if self._method.solves_codes and discrete:
      codes = self._replica_assign((), unary_costs_of(forward_pass))
    elif self._method.solves_codes:
      zeros = zero_codes(self._method, self._batch_size)
      codes = jax.tree.map(jnp.asarray, zeros)
    categories = None if codes is None else codes.categories
    inputs = StepInputs(kl_weights, categories, forward_pass)
    state, metrics = self._updated(state, batch, inputs)
    return state, StepOutcome(metrics, codes)

  def _batch(self, data: DeviceDataset, indices: jax.Array) -> Batch:
    """Gathers a batch, divided among the devices of the replica."""
    return self._spread.divide(data.batch(indices))

  def _updated(
    self, state: TrainState, batch: Batch, inputs: StepInputs
  ) -> tuple[TrainState, StepMetrics]:
    """Makes the method's update; its results are whole on each device."""
    return self._spread.gather(self._method.update(state, batch, inputs))
