r"""CascadeVAE on dSprites as in the paper (Jeong & Song 2019), m = 6 or 4.

  python -m experiments.train --config=experiments/configs/dsprites.py \
    --workdir=runs/dsprites                       # m = 6, beta_low 1.0
  python -m experiments.train --config=experiments/configs/dsprites.py:m4 \
    --workdir=runs/dsprites_m4                    # m = 4, beta_low 2.0

The paper's tables say, in percent, mean (standard deviation) over seeds:
m = 6: disentanglement score 90.49 (5.28), classification accuracy 78.84
(15.65); m = 4: 91.34 (7.36) and 76.00 (22.16). Not run here yet: 300,000 steps
need hours on an accelerator and days on two CPU cores.
"""

from cascade_jax import config as config_lib


def get_config(variant: str = "m6"):
  config = config_lib.default()
  if variant == "m4":
    config.num_continuous = 4
    config.beta_low = 2.0
  elif variant != "m6":
    raise ValueError(f"there are the variants m6 and m4, not {variant!r}")
  return config
