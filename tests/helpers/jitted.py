"""A method with compiled functions, as training compiles them."""

import jax

from cascade_jax.methods import Method


def jitted(method: Method) -> Method:
  """Returns the method with all of its JAX functions under `jax.jit`.

  Methods are bare functions. Run operation by operation, the first `init`,
  `forward` or `update` takes several times as long as its compilation.
  `discrete` is static, positional or by name. No argument is donated, so a test
  may use a state again. `schedule` runs on the host and stays as it is; so does
  a `forward` of None.
  """
  forward = method.forward
  if forward is not None:
    forward = jax.jit(forward, static_argnames="discrete")
  return method._replace(
    init=jax.jit(method.init),
    forward=forward,
    update=jax.jit(method.update),
    represent=jax.jit(method.represent, static_argnames="discrete"),
    decode=jax.jit(method.decode),
  )
