"""Models to explore: untrained ones, whose pictures differ all the same."""

import json
import re

import jax
import numpy as np

from cascade_jax import config as config_lib
from cascade_jax import data, methods
from cascade_jax.evaluation.evaluate import Evaluator

# A name that would break a careless page, and run a script in it.
HOSTILE = 'x</script><img src=x onerror=planted=1>&"\' style="color:red"'


def dataset(size=16, channels=1, factor_name=HOSTILE):
  """Thirty images of three classes, with a factor that has steps."""
  rng = np.random.default_rng(0)
  return data.from_arrays(
    "thirty",
    rng.integers(0, 256, (30, size, size, channels), dtype=np.uint8),
    np.stack([np.arange(30) % 3, np.arange(30) // 3, np.zeros(30, int)], 1),
    factor_names=("shape", factor_name, "constant"),
    class_factor="shape",
    class_names=("heart", "square", HOSTILE),
  )


def model(images, method="cascade_vae", **settings):
  """An evaluator and a state, in whose step the discrete code is in use."""
  config = config_lib.default()
  config.method = method
  config.num_continuous = 4
  config.update(settings)
  built = methods.build(config, images.image_shape)
  state = built.init(0)
  decoder = jax.tree.map(lambda x: 2 * x, state.params["decoder"])
  state = state._replace(
    step=np.int32(10**6), params=state.params | {"decoder": decoder}
  )
  return Evaluator(config, built, images), state


def embedded(page):
  """The data in a page, as its scripts read them."""
  (text,) = re.findall(
    r'<script type="application/json" id="contents">(.*?)</script>', page
  )
  return json.loads(text)


def codes(num_continuous, sizes):
  """A latent and a joint category for each category, and one without."""
  count = int(np.prod(sizes)) if sizes else 0
  rng = np.random.default_rng(1)
  latents = rng.normal(size=(count + 1, num_continuous)).astype(np.float32)
  return latents, np.arange(-1, count)
