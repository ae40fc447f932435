"""The config of `cascade_jax/configs/demo.py`, for `--config`."""

from cascade_jax.configs.demo import get_config

__all__ = ("get_config",)
