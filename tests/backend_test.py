import jax
import pytest

from cascade_jax import backend as backend_lib


def test_cpu_takes_single_steps_of_the_fast_networks():
  backend = backend_lib.backend()
  assert jax.default_backend() == "cpu"
  assert backend.fast_networks and not backend.stacks_replicas
  assert backend.steps_per_call == 1


@pytest.mark.parametrize("name", ["gpu", "tpu"])
def test_accelerators_take_many_steps_of_stacked_replicas(monkeypatch, name):
  monkeypatch.setattr(jax, "default_backend", lambda: name)
  backend = backend_lib.backend()
  assert backend.stacks_replicas and not backend.fast_networks
  assert backend.steps_per_call > 1
