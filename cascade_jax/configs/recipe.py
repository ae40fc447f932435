"""The settings of CascadeVAE by the recipe of docs/dependable.md."""

from typing import Any


def recipe(beta_low: float, phase_steps: int) -> dict[str, Any]:
  """Returns settings by key, for a run on all orientations of dSprites.

  All KL weights and lengths are multiples of two numbers: reconstruction, and
  with it what a factor is worth, is four times as large at 64x64 as at 32x32.

  Args:
    beta_low: KL weight of an opened dimension.
    phase_steps: of a phase; the run has 40 times as many steps.
  """
  return {
    "method": "cascade_vae",
    "num_continuous": 6,
    "beta_low": beta_low,
    "beta_high": 40 * beta_low,  # x, y and scale are worth more, shape less
    "pairwise_weight": 0.1,
    "phase_steps": phase_steps,
    "discrete_start_phase": 3,
    "num_steps": 40 * phase_steps,
    # Under the first weight only x and y pay.
    "cascade_vae.warm_up_weights": (112 * beta_low, 40 * beta_low),
    "cascade_vae.warm_up_steps": (2 * phase_steps, 5 * phase_steps),
    "cascade_vae.aligns_dimensions": True,
    "cascade_vae.opens_rest_together": True,
    "cascade_vae.taught_phases": 21,
    "cascade_vae.learning_rate_phases": (9, 22, 28),
    "cascade_vae.learning_rate_factors": (3.0, 0.5, 0.15),
  }
