"""AAE-S: an adversarial autoencoder whose decoder is told the true class.

SUPERVISED: it sees the labels of all images that it trains on, so its accuracy
is no match for those of methods that see none. Makhzani et al. 2015, section 4,
disentangle style from the label so; Jeong & Song 2019 start from it.

At test time no label is used: an image's category is the class under which the
decoder reconstructs it best. `config.num_categories` has to be the number of
classes that the data have: with more, categories that the decoder never saw
compete too; less is refused. Options are those of `config.aae`.
"""

from cascade_jax.errors import UserError
from cascade_jax.methods.aae import AAE
from cascade_jax.types import Method


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images H, W, C.

  Raises:
    UserError: several discrete variables, or an option out of range.
  """
  num_categories = tuple(config.num_categories)
  if len(num_categories) > 1:
    raise UserError(
      f"config.num_categories is {num_categories}; with config.method 'aae_s' "
      "it must be the number of classes alone, as in (3,)"
    )
  return AAE(config, image_shape, num_categories).method()
