r"""The paper's methods on dSprites at full size (Jeong & Song 2019, table 1).

  python -m experiments.train --config=experiments/configs/dsprites.py \
    --workdir=runs/dsprites                       # CascadeVAE, m = 6
  python -m experiments.train \
    --config=experiments/configs/dsprites.py:factor_vae --workdir=runs/factor

All: 64x64, batches of 64, 300,000 steps, the networks of Jeong & Song, Adam.
Paper's disentanglement score and classification accuracy, percent, mean
(standard deviation) over seeds:

| variant | is | paper |
|---|---|---|
| `m6`, the default | CascadeVAE, beta_low 1.0 | 90.49 (5.28), 78.84 (15.65) |
| `m4` | CascadeVAE, beta_low 2.0 | 91.34 (7.36), 76.00 (22.16) |
| `dependable` | the recipe of docs/dependable.md, not the paper's | |
| `cascade_vae_c` | no code, m = 10; beta_low 1.0 is ours | |
| `beta_vae` | beta 4, m = 10 | 74.41 (7.68) |
| `beta_vae_m5` | beta 10, m = 5 | 70.11 (7.54) |
| `beta_vae_annealed` | Burgess et al. 2018: gamma 1000, 25 nats | |
| `beta_tcvae` | Chen et al. 2018: beta 6, m = 10 | |
| `factor_vae` | Kim & Mnih 2018: gamma 35, m = 10 | 82.15 (0.88) |
| `factor_vae_m5` | the same with m = 5 | 81.09 (2.63) |
| `joint_vae` | Dupont 2018, m = 6 | 74.51 (5.17), 44.79 (3.88) |
| `joint_vae_m4` | the same with m = 4 | 73.06 (2.18), 43.99 (3.94) |
| `aae`, `aae_s` | Makhzani et al. 2015, m = 10 and 6 (ours) | |

Learning rates are of each method's own paper: 1e-4 where it gives that or none
for these networks, 5e-4 for the annealed beta-VAE and JointVAE. Only the
cascades have an L2 penalty. FactorVAE sees 128 images a step, two halves of 64.
(The authors' own code of CascadeVAE-C has a beta_low of 0.1 by default.)

Of these only `dependable` and `m6` have been run here yet, for 40,000 steps
(docs/dependable.md). 300,000 steps need hours on an accelerator.
"""

import ml_collections

from cascade_jax import config as config_lib
from cascade_jax.configs import variants
from cascade_jax.configs.recipe import recipe

_CAPACITY = {"beta_vae.capacity": 25.0, "learning_rate": 5e-4}
VARIANTS: dict[str, dict] = {
  "m6": {"method": "cascade_vae"},
  "m4": {"method": "cascade_vae", "num_continuous": 4, "beta_low": 2.0},
  "dependable": {**recipe(1.0, 1_000), "learning_rate": 4e-4},
  "cascade_vae_c": {"num_continuous": 10},
  "beta_vae": {"num_continuous": 10, "beta_vae.beta": 4.0},
  "beta_vae_m5": {"num_continuous": 5, "beta_vae.beta": 10.0},
  "beta_vae_annealed": {"num_continuous": 10, **_CAPACITY},
  "beta_tcvae": {"num_continuous": 10},
  "factor_vae": {"num_continuous": 10, "batch_size": 128},
  "factor_vae_m5": {"num_continuous": 5, "batch_size": 128},
  "joint_vae": {"num_continuous": 6, "learning_rate": 5e-4},
  "joint_vae_m4": {"num_continuous": 4, "learning_rate": 5e-4},
  "aae": {"num_continuous": 10},
  "aae_s": {"num_continuous": 6},
}


def get_config(variant: str = "m6") -> ml_collections.ConfigDict:
  settings = variants.settings(VARIANTS, variant)
  config = config_lib.default()
  # A variant is named like its method, unless it says otherwise.
  named = variant.removesuffix("_annealed")
  named = named.removesuffix("_m5").removesuffix("_m4")
  config.method = settings.get("method", named)
  if config.method not in ("cascade_vae", "cascade_vae_c"):
    config.weight_penalty = 0.0
  config.update_from_flattened_dict(settings)
  return config
