"""Configs for `--config`; their settings are in `cascade_jax/configs`."""
