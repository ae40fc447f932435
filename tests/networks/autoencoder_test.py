import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import losses
from cascade_jax.backend import backend
from cascade_jax.errors import UserError
from cascade_jax.networks import models
from cascade_jax.networks.autoencoder import autoencoder
from cascade_jax.networks.fast_conv import networks as fast_networks
from tests.helpers.jitted import jit


@pytest.mark.parametrize("shape", [(48, 48, 1), (32, 64, 1), (8, 8, 3)])
def test_other_sizes_are_refused(shape):
  with pytest.raises(UserError) as refused:
    autoencoder(shape, 6, "bernoulli")
  assert f"image_shape is {shape}" in str(refused.value)
  assert str(models.IMAGE_SIZES) in str(refused.value)


@pytest.mark.parametrize("is_fast", [True, False])
def test_kind_of_networks_is_that_of_the_argument(is_fast):
  networks = autoencoder((16, 16, 1), 6, "bernoulli", is_fast)
  room = fast_networks if is_fast else models
  assert isinstance(networks.encoder, room.Encoder)
  assert isinstance(networks.decoder, room.Decoder)
  assert networks.is_fast == is_fast


@pytest.mark.parametrize("is_fast", [True, False])
def test_kind_of_networks_is_the_backend_s_by_default(monkeypatch, is_fast):
  decisions = backend()._replace(fast_networks=is_fast)
  monkeypatch.setattr(
    "cascade_jax.networks.autoencoder.backend", lambda: decisions
  )
  assert autoencoder((16, 16, 1), 6, "bernoulli").is_fast == is_fast


@pytest.mark.parametrize("likelihood", losses.LIKELIHOODS)
def test_nll_is_the_likelihood_s_at_the_decoder_s_logits(likelihood):
  networks = autoencoder((16, 16, 1), 6, likelihood)
  params = jit(networks.init, static_argnums=(1, 2))(jax.random.key(0), 3, 2)
  rng = np.random.default_rng(0)
  images = rng.uniform(size=(4, 16, 16, 1)).astype(np.float32)
  latents = rng.standard_normal((4, 3), np.float32)
  codes = jnp.eye(2)[jnp.array([0, 1, 1, 0])]
  nll = jit(networks.nll)(params, images, latents, codes)
  logits = jit(networks.decode)(params, latents, codes)
  twin = {
    "bernoulli": losses.bernoulli_nll,
    "gaussian": losses.gaussian_nll,
  }[likelihood]
  np.testing.assert_allclose(nll, twin(images, logits), rtol=1e-6)
  assert nll.shape == (4,)
