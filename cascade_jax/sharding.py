"""Replicas in one program: stacked, and spread over the devices.

The replicas of a run are its seeds, trained side by side. Programs take their
arrays stacked on a leading axis R, and nothing in them crosses that axis.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from cascade_jax.backend import backend

_AXIS = "replicas"
_STACKED, _SHARED = PartitionSpec(_AXIS), PartitionSpec()


class Unstacked(NamedTuple):
  """Arrays that one program leaves for the next, and that nothing else reads.

  A replica that is alone on its device passes them without the axis R. XLA's
  CPU backend would compute an array twice that is kept stacked and used
  unstacked.
  """

  arrays: Any


class Spread(NamedTuple):
  """How one program holds its replicas: `per_device` on each of the devices."""

  mesh: Mesh
  per_device: int

  @property
  def size(self) -> int:
    """R, the number of replicas of one program."""
    return self.mesh.size * self.per_device

  def put(self, stacked: Any) -> Any:
    """Puts arrays `[R, ...]` on the devices of their replicas."""
    return jax.device_put(stacked, NamedSharding(self.mesh, _STACKED))

  def share(self, arrays: Any) -> Any:
    """Puts arrays that all replicas read on every device."""
    return jax.device_put(arrays, NamedSharding(self.mesh, _SHARED))

  def split(self, trees: Sequence) -> list:
    """Stacks the trees of replicas in groups of `size`, on the devices."""
    return [
      self.put(
        jax.tree.map(
          lambda *leaves: np.stack(leaves), *trees[k : k + self.size]
        )
      )
      for k in range(0, len(trees), self.size)
    ]

  def join(self, groups: Sequence) -> list:
    """Inverts `split`, with NumPy arrays as the result."""
    return [
      jax.tree.map(lambda x: np.asarray(x[k]), group)  # noqa: B023
      for group in jax.device_get(groups)
      for k in range(self.size)
    ]

  def over(self, function: Callable) -> Callable:
    """Makes a function of R replicas of `function(shared, *arguments)` of one.

    The result is to be compiled. Its arguments after the first, and its
    results, are stacked.
    """

    def on_device(shared: Any, stacked: tuple[Any, ...]) -> Any:
      if self.per_device > 1:
        return jax.vmap(functools.partial(function, shared))(*stacked)
      # Without vmap, a replica that is alone costs what it costs unstacked.
      alone = _map_stacked(lambda x: x[0], stacked)
      return _map_stacked(lambda x: x[None], function(shared, *alone))

    on_devices = jax.shard_map(
      on_device,
      mesh=self.mesh,
      in_specs=(_SHARED, _STACKED),
      out_specs=_STACKED,
      check_vma=False,
    )
    return lambda shared, *stacked: on_devices(shared, stacked)


def _map_stacked(function: Callable, tree: Any) -> Any:
  def is_unstacked(x: Any) -> bool:
    return isinstance(x, Unstacked)

  return jax.tree.map(
    lambda x: x if is_unstacked(x) else function(x), tree, is_leaf=is_unstacked
  )


def spread(num_replicas: int) -> Spread:
  """Returns how to hold that many replicas: in as few programs as is fast.

  They take turns where `size` is less than `num_replicas`, which it divides.
  """
  devices = jax.local_devices()
  count = max(n for n in range(1, len(devices) + 1) if num_replicas % n == 0)
  per_device = num_replicas // count if backend().stacks_replicas else 1
  return on(devices[:count], per_device)


def on(devices: Sequence[jax.Device], per_device: int = 1) -> Spread:
  """Returns the spread of that many replicas on each of these devices."""
  mesh = jax.make_mesh(
    (len(devices),),
    (_AXIS,),
    axis_types=(AxisType.Auto,),
    devices=list(devices),
  )
  return Spread(mesh, per_device)
