"""Trained models of other projects, read as models of this package.

| project | folder |
|---|---|
| joint-vae (Dupont 2018) | specs.json, model.pt |
| disentangling-vae (Dubois et al. 2019) | specs.json, model.pt |

Their weights are PyTorch's, so reading them needs torch; what they are read
into does not, and is scored, drawn, saved and exported as any other model.
"""

from cascade_jax.model.peers import disentangling_vae, joint_vae
from cascade_jax.model.peers.read import is_peer, read

__all__ = ("disentangling_vae", "is_peer", "joint_vae", "read")
