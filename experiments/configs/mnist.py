"""The config of `cascade_jax/configs/mnist.py`, for `--config`."""

from cascade_jax.configs.mnist import get_config

__all__ = ("get_config",)
