"""A first guess of the categories of images, from how the images connect.

`guess_categories` (see `guess`, which says what it assumes) registers the
images of a sample, cuts their graph of nearest neighbours into categories, and
gives all other images the category of the nearest one. `plateaus` tells how
many categories the data suggest.
"""

from cascade_jax.connectivity.components import (
  Components,
  Plateau,
  component_cut,
  plateaus,
)
from cascade_jax.connectivity.guess import (
  CUTS,
  Guess,
  check_settings,
  guess_categories,
)
from cascade_jax.connectivity.neighbours import mutual_ranks, nearest
from cascade_jax.connectivity.registration import (
  REGISTRATIONS,
  flatten,
  register_by_moments,
)
from cascade_jax.connectivity.spectral import SpectralCut, spectral_cut

__all__ = (
  "CUTS",
  "REGISTRATIONS",
  "Components",
  "Guess",
  "Plateau",
  "SpectralCut",
  "check_settings",
  "component_cut",
  "flatten",
  "guess_categories",
  "mutual_ranks",
  "nearest",
  "plateaus",
  "register_by_moments",
  "spectral_cut",
)
