"""The config of `cascade_jax/configs/dsprites.py`, for `--config`."""

from cascade_jax.configs.dsprites import get_config

__all__ = ("get_config",)
