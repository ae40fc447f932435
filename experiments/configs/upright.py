"""The config of `cascade_jax/configs/upright.py`, for `--config`."""

from cascade_jax.configs.upright import get_config

__all__ = ("get_config",)
