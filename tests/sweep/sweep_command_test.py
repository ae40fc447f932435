"""The command of a sweep: what it refuses before anything is submitted."""

import signal

import pytest

from cascade_jax.commands import jobs
from cascade_jax.sweep.sweep import Sweep
from tests.helpers.launcher import call

REFUSED = [
  (["--grid=beta_lo=1"], "seed 0: unknown --config.KEY: beta_lo"),
  (["--grid=beta_low=x"], "beta_low=x seed 0: "),
  (["--grid=beta_vae.beta=2"], "config.beta_vae.beta has no effect"),
  (["--grid=batch_size=0"], "config.batch_size is 0; it must be 1 or more"),
  (["--grid=seed=1,2"], "seed can't be set in a sweep; --seeds names"),
  (["--config.num_replicas=2"], "num_replicas can't be set in a sweep"),
  (["--methods=beta_vae"], "beta_vae seed 0: TypeError: get_config() takes 0"),
  (["--seeds=3-1"], "--seeds has '3-1'"),
  (["--slurm=time=3"], "--slurm has no effect with --executor=local"),
  (["--slurm=time"], "--slurm=time must be KEY=VALUE"),
  (["stray"], "'stray' is no flag"),
]


@pytest.mark.parametrize(("flags", "message"), REFUSED)
def test_what_can_not_be_run_is_refused_in_one_line(tmp_path, flags, message):
  folder = tmp_path / "sweep"
  result = call("sweep", "--config=smoke", f"--workdir={folder}", *flags)
  assert result.returncode == 1
  assert message in result.stderr.splitlines()[-1]
  assert "Traceback" not in result.stderr and not folder.exists()


def test_ctrl_c_says_that_the_jobs_go_on_and_how_to_stop_them(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(Sweep, "submit", lambda *_: None)
  monkeypatch.setattr(Sweep, "cancel_command", lambda _: "kill 7 8")
  monkeypatch.setattr(
    jobs.watch, "watch", lambda _: signal.raise_signal(signal.SIGINT)
  )
  result = call("sweep", "--config=smoke", f"--workdir={tmp_path}")
  assert result.returncode == 130
  assert result.stderr.endswith(
    "Interrupted: the jobs go on; watch them with the same command, stop them "
    "with: kill 7 8\n"
  )
