"""The config of `cascade_jax/configs/own.py`, for `--config`."""

from cascade_jax.configs.own import get_config

__all__ = ("get_config",)
