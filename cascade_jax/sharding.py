"""Replicas in one program, and one model over several devices.

The replicas of a run are its seeds, trained side by side. Programs take their
arrays stacked on a leading axis R, and nothing in them crosses that axis.

A model may have several devices, which divide its batch: each computes its
share of the examples, and XLA inserts the sums over the whole batch where a
loss or a gradient needs them. Parameters are whole on each of the devices.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from cascade_jax import hosts
from cascade_jax.backend import backend
from cascade_jax.errors import UserError

_REPLICAS, _BATCH = "replicas", "batch"  # the axes of a mesh
_STACKED, _SHARED = PartitionSpec(_REPLICAS), PartitionSpec()


class Unstacked(NamedTuple):
  """Arrays that one program leaves for the next, and that nothing else reads.

  A replica that is alone on its device passes them without the axis R. XLA's
  CPU backend would compute an array twice that is kept stacked and used
  unstacked.
  """

  arrays: Any


class Spread(NamedTuple):
  """How one program holds its replicas.

  Attributes:
    mesh: the devices, `[places, num_devices]`.
    per_place: replicas on each of these places, all of whose devices have them.
  """

  mesh: Mesh
  per_place: int

  @property
  def size(self) -> int:
    """R, the number of replicas of one program."""
    return self.mesh.shape[_REPLICAS] * self.per_place

  @property
  def num_devices(self) -> int:
    """The number of devices that divide the batch of one replica."""
    return self.mesh.shape[_BATCH]

  def put(self, stacked: Any) -> Any:
    """Puts arrays `[R, ...]` on the devices of their replicas."""
    return _placed(stacked, NamedSharding(self.mesh, _STACKED))

  def share(self, arrays: Any) -> Any:
    """Puts arrays that all replicas read on every device."""
    return _placed(arrays, NamedSharding(self.mesh, _SHARED))

  def own_parts(self) -> list[int]:
    """Returns which of the parts of a batch devices of this process have.

    The batch of a replica has `num_devices` parts, one after the other.
    """
    process = jax.process_index()
    own = [x.process_index == process for x in self.mesh.devices.flat]
    parts = np.arange(len(own)) % self.num_devices
    return np.unique(parts[own]).tolist()

  def scatter(self, own: np.ndarray) -> jax.Array:
    """Puts parts of a batch on the devices that have them, as one array.

    Args:
      own: `[parts, n, ...]`, the rows of each of `own_parts`.

    Returns:
      `[num_devices * n, ...]`, the rows of all parts.
    """
    sharding = NamedSharding(self.mesh, PartitionSpec(_BATCH))
    places = {part: place for place, part in enumerate(self.own_parts())}
    count = own.shape[1]

    def of_device(index: tuple[slice, ...] | None) -> np.ndarray:
      assert index is not None, "a device with a part of its own"
      return own[places[(index[0].start or 0) // count]]

    shape = self.num_devices * count, *own.shape[2:]
    return jax.make_array_from_callback(shape, sharding, of_device)

  def split(self, trees: Sequence) -> list:
    """Stacks the trees of replicas in groups of `size`, on the devices.

    They are those of the first process: others, on another kind of machine, may
    have computed slightly different ones.
    """
    trees = hosts.from_first(list(trees))
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
      for group in fetched(groups)
      for k in range(self.size)
    ]

  def over(self, function: Callable) -> Callable:
    """Makes a function of R replicas of `function(shared, *arguments)` of one.

    The result is to be compiled. Its arguments after the first, and its
    results, are stacked.
    """

    def on_device(shared: Any, stacked: tuple[Any, ...]) -> Any:
      if self.per_place > 1:
        return jax.vmap(functools.partial(function, shared))(*stacked)
      # Without vmap, a replica that is alone costs what it costs unstacked.
      alone = _map_stacked(lambda x: x[0], stacked)
      return _map_stacked(lambda x: x[None], function(shared, *alone))

    on_devices = jax.shard_map(
      on_device,
      mesh=self.mesh,
      in_specs=(_SHARED, _STACKED),
      out_specs=_STACKED,
      axis_names={_REPLICAS},  # the compiler divides the batch
      check_vma=False,
    )
    return lambda shared, *stacked: on_devices(shared, stacked)

  def divide(self, examples: Any) -> Any:
    """Divides arrays `[B, ...]` of one replica among its devices.

    For use in a function that is passed to `over`; so is `gather`.
    """
    return self._constrain(examples, PartitionSpec(_BATCH))

  def gather(self, arrays: Any) -> Any:
    """Makes arrays of one replica whole on each of its devices."""
    return self._constrain(arrays, PartitionSpec())

  def _constrain(self, arrays: Any, spec: PartitionSpec) -> Any:
    if self.num_devices == 1:
      return arrays
    # A bare PartitionSpec needs a mesh in context, which jax 0.7.2 doesn't set.
    sharding = NamedSharding(self.mesh, spec)
    return jax.lax.with_sharding_constraint(arrays, sharding)


def fetched(tree: Any) -> Any:
  """Returns arrays on the devices as NumPy arrays, whole in each process."""
  if hosts.count() == 1:
    return jax.device_get(tree)
  return jax.tree.map(hosts.fetched, tree)


def _placed(tree: Any, sharding: NamedSharding) -> Any:
  """Puts NumPy arrays, the same in each process, on the devices."""
  if sharding.is_fully_addressable:
    return jax.device_put(tree, sharding)

  def placed(leaf: Any) -> jax.Array:
    array = np.asarray(leaf)
    return jax.make_array_from_callback(
      array.shape, sharding, lambda index: np.asarray(array[index])
    )

  return jax.tree.map(placed, tree)


def _map_stacked(function: Callable, tree: Any) -> Any:
  def is_unstacked(x: Any) -> bool:
    return isinstance(x, Unstacked)

  return jax.tree.map(
    lambda x: x if is_unstacked(x) else function(x), tree, is_leaf=is_unstacked
  )


def spread(
  num_replicas: int,
  num_devices: int = 1,
  devices: Sequence[jax.Device] | None = None,
) -> Spread:
  """Returns how to hold that many replicas: in as few programs as is fast.

  They take turns where `size` is less than `num_replicas`, which it divides.

  Args:
    num_replicas: of the run.
    num_devices: of each replica.
    devices: to use; None for those of this process.

  Raises:
    UserError: there are fewer devices, or a process would have nothing to do.
  """
  devices = jax.local_devices() if devices is None else list(devices)
  places = len(devices) // num_devices
  if not places:
    raise UserError(
      f"config.num_devices is {num_devices}, but JAX has {len(devices)} "
      f"{devices[0].platform} device{'s' * (len(devices) > 1)}; it must be "
      f"{len(devices)} or less"
    )
  count = max(n for n in range(1, places + 1) if num_replicas % n == 0)
  per_place = num_replicas // count if backend().stacks_replicas else 1
  used = devices[: count * num_devices]
  _check_all_processes(used, devices)
  return on(used, per_place, num_devices)


def _check_all_processes(
  used: Sequence[jax.Device], devices: Sequence[jax.Device]
) -> None:
  """Refuses to leave the devices of a whole process idle."""
  idle = {x.process_index for x in devices} - {x.process_index for x in used}
  if idle:
    raise UserError(
      f"config.num_replicas and config.num_devices use {len(used)} of the "
      f"{len(devices)} devices of this run, and none of process {min(idle)}; "
      "each process must have a share. Use more devices for each replica, or a "
      "number of replicas that fills the places"
    )


def on(
  devices: Sequence[jax.Device], per_place: int = 1, num_devices: int = 1
) -> Spread:
  """Returns the spread of that many replicas on each so many of the devices."""
  mesh = jax.make_mesh(
    (len(devices) // num_devices, num_devices),
    (_REPLICAS, _BATCH),
    axis_types=(AxisType.Auto, AxisType.Auto),
    devices=list(devices),
  )
  return Spread(mesh, per_place)
