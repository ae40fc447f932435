"""Replicas in one program: stacked, and spread over the devices.

A run's replicas are its seeds, trained side by side. Programs take their
arrays stacked on a leading axis, R, and hold nothing that crosses it.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

_AXIS = "replicas"
_STACKED, _SHARED = PartitionSpec(_AXIS), PartitionSpec()


class Passed(NamedTuple):
  """Arrays that go from one program to the next, and are of no use outside.

  A replica alone on its device passes them unstacked: XLA's CPU backend would
  compute what is kept stacked, and used unstacked, once for each.
  """

  arrays: Any


class Spread(NamedTuple):
  """One program's replicas: `per_device` on each device of the mesh."""

  mesh: Mesh
  per_device: int

  @property
  def size(self) -> int:
    """R, the replicas of one program."""
    return self.mesh.size * self.per_device

  def put(self, stacked):
    """Arrays `[R, ...]` onto the devices of their replicas."""
    return jax.device_put(stacked, NamedSharding(self.mesh, _STACKED))

  def share(self, arrays):
    """Arrays that all replicas read onto every device."""
    return jax.device_put(arrays, NamedSharding(self.mesh, _SHARED))

  def split(self, trees: Sequence) -> list:
    """Replicas' trees to stacked ones of `size` each, on the devices."""
    return [
      self.put(
        jax.tree.map(
          lambda *leaves: np.stack(leaves), *trees[k : k + self.size]
        )
      )
      for k in range(0, len(trees), self.size)
    ]

  def join(self, groups: Sequence) -> list:
    """The inverse of `split`, in NumPy arrays."""
    return [
      jax.tree.map(lambda x: np.asarray(x[k]), group)  # noqa: B023
      for group in jax.device_get(groups)
      for k in range(self.size)
    ]

  def over(self, function: Callable) -> Callable:
    """From `function(shared, *arguments)` of one replica to that of R.

    To be compiled; its arguments after the first, and its results, are
    stacked.
    """

    def on_device(shared, stacked):
      if self.per_device > 1:
        return jax.vmap(functools.partial(function, shared))(*stacked)
      # Without vmap a replica alone costs what it would cost unstacked.
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


def _map_stacked(function: Callable, tree):
  def is_passed(x):
    return isinstance(x, Passed)

  return jax.tree.map(
    lambda x: x if is_passed(x) else function(x), tree, is_leaf=is_passed
  )


def spread(num_replicas: int) -> Spread:
  """How to hold that many replicas: as few programs as is fast.

  They take turns where `size` is less than `num_replicas`, which it divides.
  """
  devices = jax.local_devices()
  count = max(n for n in range(1, len(devices) + 1) if num_replicas % n == 0)
  # XLA's CPU backend is slow at several replicas in one program: measured, a
  # replica takes 1.3 to 1.6 times as long under vmap (grouped convolutions)
  # and 2.5 to 8 times under lax.map; an unrolled loop compiles R times.
  is_cpu = jax.default_backend() == "cpu"
  per_device = 1 if is_cpu else num_replicas // count
  return on(devices[:count], per_device)


def on(devices: list[jax.Device], per_device: int = 1) -> Spread:
  """So many replicas on each of these devices."""
  mesh = jax.make_mesh(
    (len(devices),), (_AXIS,), axis_types=(AxisType.Auto,), devices=devices
  )
  return Spread(mesh, per_device)
