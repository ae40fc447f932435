"""Launchers and configs; everything to import is in cascade_jax."""
