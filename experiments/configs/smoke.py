"""The config of `cascade_jax/configs/smoke.py`, for `--config`."""

from cascade_jax.configs.smoke import get_config

__all__ = ("get_config",)
