"""Launchers, configs and notebooks; everything to import is in cascade_jax."""
