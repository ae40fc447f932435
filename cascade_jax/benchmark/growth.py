"""How the time of a step grows with each part of the work.

One thing at a time differs from a base config. The images are random, of which
the times don't depend. Devices are parts of this machine's CPU that XLA takes
for devices: they show what dividing a batch costs, and not what it gains.
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import ml_collections
import numpy as np

from cascade_jax import config as config_lib
from cascade_jax import data, methods
from cascade_jax.activity import activity
from cascade_jax.benchmark.solvers import measure_solvers
from cascade_jax.benchmark.steps import measure_steps, subject_of
from cascade_jax.errors import UserError
from cascade_jax.runs.provenance import provenance

# The settings of each axis, by the key of the config that differs.
AXES: dict[str, tuple[str, tuple]] = {
  "batch": ("batch_size", (64, 256, 1024, 4096)),
  "categories": ("num_categories", ((2,), (3,), (10,), (30,), (100,))),
  "variables": ("num_categories", ((3,), (3, 3), (3, 3, 3))),
  "image_size": ("data.image_size", (32, 64, 128, 256)),
  "replicas": ("num_replicas", (1, 2, 4, 8)),
  "devices": ("num_devices", (1, 2, 4, 8)),
}
SOLVERS = "solvers"
PARTS = (*AXES, SOLVERS)

_SIZES = tuple((b, s) for b in (64, 256, 1024, 4096) for s in (3, 10, 30, 100))
_REPEATS = 7
_IMAGES = 256  # at least; a batch may need more


def measure_growth(
  config: ml_collections.ConfigDict, parts: Iterable[str]
) -> dict:
  """Returns the figures of the chosen parts, the content of a JSON file.

  Args:
    config: the base.
    parts: of `PARTS`.

  Raises:
    UserError: a part is unknown, or the base needs more memory than there is.
  """
  parts = tuple(parts)
  check_parts(parts)
  config = config.copy_and_resolve_references()
  figures = {
    "machine": provenance(),
    "config": json.loads(config.to_json()),
    "axes": {},
  }
  axes = [part for part in parts if part != SOLVERS]
  base = _row(config) if axes else {}
  if "skipped" in base:
    raise UserError(f"the config is too large to start from: {base['skipped']}")
  figures["base"] = base
  for axis in axes:
    key, values = AXES[axis]
    figures["axes"][axis] = [
      {"value": value, **_measured(config, key, value, base)}
      for value in values
    ]
  if SOLVERS in parts:
    figures[SOLVERS] = measure_solvers(config.pairwise_weight, _SIZES, _REPEATS)
  return figures


def check_parts(parts: Iterable[str]) -> None:
  """Refuses parts that don't exist.

  Raises:
    UserError: names the part, and those that there are.
  """
  for part in parts:
    if part not in PARTS:
      raise UserError(
        f"--growth has {part!r}; it must be all, or some of {', '.join(PARTS)}"
      )


def _measured(
  config: ml_collections.ConfigDict, key: str, value: Any, base: dict
) -> dict:
  """Measures the config with another value of one key."""
  changed = config.copy_and_resolve_references()
  changed.update_from_flattened_dict({key: value})
  if changed == config:
    return base
  config_lib.check(changed)
  with activity(f"config.{key} = {value}"):
    return _on_devices(changed) if key == "num_devices" else _row(changed)


def _row(config: ml_collections.ConfigDict) -> dict:
  """The figures of the steps of a config, or why there are none."""
  size = config.data.image_size
  method = methods.build(config, (size, size, 1))
  needed = _bytes_needed(config, method)
  if needed > _bytes_of_memory() / 2:
    return {"skipped": f"not measured: needs about {needed / 1e9:.0f} GB"}
  shape = max(config.batch_size, _IMAGES), size, size, 1
  images = np.random.default_rng(0).integers(0, 2, shape, dtype=np.uint8)
  dataset = data.from_arrays("random", images)
  subject = subject_of(config, method, dataset)
  return {"steps": measure_steps(subject, "host", _REPEATS)}


def _bytes_needed(
  config: ml_collections.ConfigDict, method: methods.Method
) -> float:
  """A rough estimate of the memory of a discrete step.

  The maps of one decoded image have about 12 numbers for each pixel. They are
  kept for all codes of a batch, and are there about four times at once.
  """
  numbers = 12 * config.data.image_size**2
  codes = math.prod(method.num_categories) if method.solves_codes else 1
  return 4 * 4 * numbers * config.batch_size * codes


def _bytes_of_memory() -> int:
  return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _on_devices(config: ml_collections.ConfigDict) -> dict:
  """The figures of a config that needs several devices, of another process.

  XLA decides on the number of devices when it starts.
  """
  flags = os.environ.get("XLA_FLAGS", "")
  count = f"--xla_force_host_platform_device_count={config.num_devices}"
  finished = subprocess.run(
    [sys.executable, "-m", "cascade_jax.benchmark.growth"],
    input=config.to_json(),
    capture_output=True,
    text=True,
    env={
      **os.environ,
      "XLA_FLAGS": f"{flags} {count}".strip(),
      "JAX_PLATFORMS": "cpu",
      "PYTHONPATH": os.pathsep.join(sys.path),
    },
  )
  if finished.returncode:
    last = finished.stderr.strip().rpartition("\n")[2]
    return {"skipped": f"not measured: {last}"}
  return json.loads(finished.stdout.rpartition("\n")[2])


def main() -> None:
  """Measures the config of the standard input, for `_on_devices`."""
  config = ml_collections.ConfigDict(json.loads(sys.stdin.read()))
  print(json.dumps(_row(config)), end="")


if __name__ == "__main__":
  main()
