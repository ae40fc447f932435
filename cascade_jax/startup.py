"""Guards against jaxlib builds that compute wrong sums on CPU.

From 0.10.2 on, XLA computes CPU reductions by another library, and some results
are silently wrong: the sum over rows of `(x @ ones((10, 16)))**2` is 2 % of the
correct value. A flag switches back to the old code. It must be set before jax
starts its CPU backend, and older builds abort on a flag that they don't know.
"""

import importlib.metadata
import os

from cascade_jax.activity import activity
from cascade_jax.errors import UserError

_FLAG = "--xla_cpu_experimental_ynn_fusion_type=-reduce"
_FLAG_NAME = _FLAG.partition("=")[0]
_FIRST_WRONG = (0, 10, 2)
_FIRST_UNKNOWN = (0, 13)  # no build from here on was tested with the flag


def set_flags() -> None:
  """Sets the flag for the builds that are known to be wrong.

  Must be called before jax is imported, and imports nothing itself: the flag is
  part of the environment variable XLA_FLAGS. A value that the user has set for
  this flag is kept.
  """
  flags = os.environ.get("XLA_FLAGS", "")
  if _needs_flag(_jaxlib_version()) and _FLAG_NAME not in flags:
    os.environ["XLA_FLAGS"] = f"{flags} {_FLAG}".strip()


def check_cpu_sums() -> None:
  """Checks a sum that is wrong in wrong builds; takes a tenth of a second.

  Raises:
    UserError: this jaxlib computes wrong sums on CPU, because the flag was set
      too late or has no effect.
  """
  import jax
  import jax.numpy as jnp
  import numpy as np

  with activity("starting the devices", announced=False):
    is_cpu = jax.default_backend() == "cpu"
  if not is_cpu:
    return
  x = np.random.default_rng(0).standard_normal((256, 10)).astype(np.float32)
  sums = jax.jit(lambda x: ((x @ jnp.ones((10, 16))) ** 2).sum(axis=1))(x)
  expected = 16 * x.astype(float).sum(axis=1) ** 2
  if not np.allclose(sums, expected, rtol=1e-3, atol=1e-3):
    raise UserError(
      f"jaxlib {importlib.metadata.version('jaxlib')} computes wrong sums on "
      "this CPU; nothing it says could be trusted. Import cascade_jax before "
      f"jax (it sets XLA_FLAGS={_FLAG}), or install a jaxlib that is right: "
      "0.7.2 to 0.10.1."
    )


def _jaxlib_version() -> tuple[int, ...]:
  """The first three numbers of the version, without suffixes."""
  parts = importlib.metadata.version("jaxlib").split(".")[:3]
  return tuple(int(part) for part in parts if part.isdigit())


def _needs_flag(version: tuple[int, ...]) -> bool:
  return _FIRST_WRONG <= version < _FIRST_UNKNOWN
