"""The config of `cascade_jax/configs/compact.py`, for `--config`."""

from cascade_jax.configs.compact import get_config

__all__ = ("get_config",)
