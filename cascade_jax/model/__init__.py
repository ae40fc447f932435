"""Trained models: loaded in one line, used on arrays, saved and shared."""

from cascade_jax.model.load import load
from cascade_jax.model.model import Model
from cascade_jax.model.train import train

__all__ = ("Model", "load", "train")
