"""A method with compiled functions, as training compiles them."""

import functools

import jax

from cascade_jax.methods import Method

# It halves the time of compilation, and the tests' arrays are tiny.
_COMPILE_QUICKLY = {
  "xla_backend_optimization_level": 0,
  "xla_llvm_disable_expensive_passes": True,
}
# For functions that are called from Python; JAX refuses the options under
# another jit, grad or scan.
jit = functools.partial(jax.jit, compiler_options=_COMPILE_QUICKLY)


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
    forward = jit(forward, static_argnames="discrete")
  return method._replace(
    init=jit(method.init),
    forward=forward,
    update=jit(method.update),
    represent=jit(method.represent, static_argnames="discrete"),
    decode=jit(method.decode),
  )
