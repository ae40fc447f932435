"""Guards against jaxlib builds whose CPU sums are wrong.

From 0.10.2 on, XLA sends CPU reductions to another library, and some of them
come out silently wrong: the sum over rows of `(x @ ones((10, 16)))**2` is 2 %
of what it should be. A flag sends reductions back; it must be set before jax
starts its CPU backend, and older builds abort on flags that they don't know.
"""

import importlib.metadata
import os

from cascade_jax.errors import UserError

_FLAG = "--xla_cpu_experimental_ynn_fusion_type=-reduce"
_FLAG_NAME = _FLAG.partition("=")[0]
_FIRST_WRONG = (0, 10, 2)
_FIRST_UNKNOWN = (0, 13)  # no build from here on has been tried with the flag


def set_flags() -> None:
  """Cures the builds that are known to be wrong, as far as a flag can.

  Sets an environment variable and imports nothing, so it is safe (and has to
  be called) before jax is imported. A value that the user set is left alone.
  """
  flags = os.environ.get("XLA_FLAGS", "")
  if _needs_flag(_jaxlib_version()) and _FLAG_NAME not in flags:
    os.environ["XLA_FLAGS"] = f"{flags} {_FLAG}".strip()


def check_cpu_sums() -> None:
  """Computes a sum that wrong builds get wrong; takes a tenth of a second.

  Raises:
    UserError: this jaxlib computes wrong sums on CPU, and the flag that
      cures it came too late or doesn't help.
  """
  import jax
  import jax.numpy as jnp
  import numpy as np

  if jax.default_backend() != "cpu":
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
  parts = importlib.metadata.version("jaxlib").split(".")[:3]
  return tuple(int(part) for part in parts if part.isdigit())


def _needs_flag(version: tuple[int, ...]) -> bool:
  return _FIRST_WRONG <= version < _FIRST_UNKNOWN
