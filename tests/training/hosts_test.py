"""Runs that two processes make together, of two devices of the host each."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from cascade_jax import lost_process
from tests.helpers.on_hosts import PROCESSES
from tests.training.devices_test import assert_same_run

SECONDS = 60  # in which a process must notice that another has died


def start(devices, *arguments):
  """Starts one process of a job."""
  flags = os.environ.get("XLA_FLAGS", "")
  flags += f" --xla_force_host_platform_device_count={devices}"
  return subprocess.Popen(
    [sys.executable, "-W", "error", "-m", "tests.helpers.on_hosts", *arguments],
    env={**os.environ, "XLA_FLAGS": flags},
    stderr=subprocess.PIPE,
    text=True,
  )


def end(process, timeout=600):
  """Returns what a process says, and its exit status."""
  _, said = process.communicate(timeout=timeout)
  return said, process.returncode


def start_all(folder, job):
  """Starts a job in all processes."""
  with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = str(free.getsockname()[1])
  return [start(2, folder, job, port, str(k)) for k in range(PROCESSES)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
  """The folder of all runs, and what the survivor of a killed one says."""
  folder = tmp_path_factory.mktemp("hosts")
  for said, status in map(end, start_all(folder, "together")):
    assert status == 0, said
  survivor, victim = start_all(folder, "killed")
  assert end(victim)[1] < 0
  said, status = end(survivor, SECONDS)
  assert status != 0
  said_alone, status = end(start(4, folder, "alone"))
  assert status == 0, said_alone
  return folder, said


def test_two_processes_make_the_run_of_one(runs):
  folder, _ = runs
  assert_same_run(folder / "together", folder / "alone")


def test_each_process_reads_its_share_of_streamed_images(runs):
  folder, _ = runs
  assert_same_run(folder / "streamed", folder / "alone")
  for process in range(PROCESSES):
    shares = np.load(folder / f"shares_{process}.npy")
    assert len(shares) >= 4 and set(shares) == {1 / PROCESSES}


def test_two_processes_may_have_a_replica_each(runs):
  folder, _ = runs
  assert_same_run(folder / "replicas", folder / "alone", replica=0)


def test_a_killed_process_ends_the_others_with_one_line(runs):
  _, said = runs
  lines = [line for line in said.splitlines() if line.startswith("User")]
  assert len(lines) == 1 and lost_process.MESSAGE in lines[0], said


def test_one_process_goes_on_with_a_run_of_two(runs):
  folder, _ = runs
  assert_same_run(folder / "killed", folder / "alone")


def test_processes_with_different_settings_are_refused(tmp_path):
  for said, status in map(end, start_all(tmp_path, "differing")):
    assert "config.seed is 6 in process 0 and 5 in process 1" in said
    assert status == 1


def test_the_abort_of_jax_becomes_one_line():
  lines = [
    b"[Gloo] Rank 0 is connected to 1 peer ranks.\n",
    b"E1127 11:34:00.399621 4026 coordination_service_agent.cc:289] Polled\n",
    b"F1127 11:34:00.615089 3992 client.h:80] Terminating process because the "
    b"JAX distributed service detected fatal errors.\n",
    b"*** Check failure stack trace: ***\n",
  ]
  first, second = lost_process.filtered(lines)
  assert first == lines[0]
  assert second.decode() == f"UserError: {lost_process.MESSAGE}\n"
