"""Weights & Biases, with or without a network."""

import os
import secrets
import types

from absl import logging

from cascade_jax import optional
from cascade_jax.trackers.tracker import TrackedRun, kept_id

_PROJECT = "cascade_jax"
_SECONDS = 120.0  # for what is not uploaded yet when a run ends


class WandB:
  """One run of Weights & Biases, whose files are in `wandb/` of the folder.

  The project is `cascade_jax`, or that of the variable WANDB_PROJECT; replicas
  are one group. Without an API key, or with WANDB_MODE=offline, nothing is
  sent and nothing is asked; `wandb sync` uploads the files later.

  The id of the run is in `wandb/id`, so a resumed run goes on in the same one.
  What a killed run had sent already is not sent again. Offline, nothing is
  known of earlier parts: each has files of its own, which hold those entries
  once more.
  """

  def __init__(self, run: TrackedRun) -> None:
    wandb = optional.imported("wandb", "wandb", "Weights & Biases")
    files = run.folder / "wandb"
    self._run = wandb.init(
      project=os.environ.get("WANDB_PROJECT", _PROJECT),
      id=kept_id(files / "id", lambda: secrets.token_hex(4)),
      resume="allow",
      reinit="create_new",  # beside the runs of other replicas
      name=run.name,
      group=run.group.name,
      config=run.config,
      allow_val_change=True,  # a resumed run may have other num_steps
      dir=str(run.folder),
      mode=_mode(wandb),
      settings=wandb.Settings(
        console="off", silent=True, finish_timeout=_SECONDS
      ),
    )
    if self._run.offline:
      logging.info(
        "wandb is offline; upload later: wandb sync %s/offline-run-*", files
      )
    elif self._run.url:
      logging.info("wandb shows this run at %s", self._run.url)
    self._first = self._run.step

  def write(self, step: int, scalars: dict[str, float]) -> None:
    """Sends the numbers, unless the run has this step already."""
    if step >= self._first:
      self._run.log(scalars, step=step)

  def close(self) -> None:
    """Waits until everything is sent, but not for longer than two minutes."""
    self._run.finish()


def _mode(wandb: types.ModuleType) -> str | None:
  """Returns "offline" where wandb would ask for a key, else its own choice."""
  if os.environ.get("WANDB_MODE", "online") != "online":
    return None
  # `prompt`: wandb would wait for an answer on the terminal.
  return None if wandb.login(prompt=False, verify=False) else "offline"
