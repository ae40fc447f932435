"""The config of `cascade_jax/configs/digits.py`, for `--config`."""

from cascade_jax.configs.digits import get_config

__all__ = ("get_config",)
