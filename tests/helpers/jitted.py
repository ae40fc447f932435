"""A method with compiled functions, as training compiles them."""

import functools

import jax

from cascade_jax.methods import Method

# Half the time of compilation; the tests' arrays are too small to gain by more.
_COMPILE_QUICKLY = {
  "xla_backend_optimization_level": 0,
  "xla_llvm_disable_expensive_passes": True,
}
jit = functools.partial(jax.jit, compiler_options=_COMPILE_QUICKLY)


def jitted(method: Method) -> Method:
  """Returns the method with all of its JAX functions under `jax.jit`.

  Methods are bare functions. Run operation by operation, the first `init`,
  `forward` or `update` takes several times as long as its compilation.
  `discrete` is static, positional or by name. No argument is donated, so a test
  may use a state again. `schedule` runs on the host and stays as it is; so does
  a `forward` of None. Values are those of `jax.jit` up to rounding.
  """
  forward = method.forward
  if forward is not None:
    forward = jit(forward, static_argnames="discrete")
  return method._replace(
    init=jit(method.init),
    forward=forward,
    update=jit(method.update),
    represent=jit(method.represent, static_argnames="discrete"),
    decode=jit(method.decode),
  )
