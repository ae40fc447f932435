"""Being tuned."""

from cascade_jax import config as config_lib


def get_config():
  config = config_lib.default()
  config.data.image_size = 32
  config.data.downsample = "mean"
  config.data.num_orientations = 5
  config.beta_low = 0.3
  config.beta_high = 10.0
  config.phase_steps = 1_500
  config.discrete_start_phase = 3
  config.learning_rate = 5e-4
  config.num_steps = 9_000
  config.evaluation_images = 20_000
  return config
