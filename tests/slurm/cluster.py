"""A real Slurm on this machine: one controller and two nodes on loopback.

Needs Debian's packages slurm-wlm and munge, and root. All its files lie in one
folder, and all its processes end with `Cluster.stop`.
"""

import os
import pathlib
import socket
import subprocess
import time
from collections.abc import Callable

NODES = ("node0", "node1")
_CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool_%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd_%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,requeue_delay=1
ReturnToService=2
SlurmdTimeout=10
KillWait=30
{nodes}
PartitionName=main Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""
_NODE = (
  "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 "
  "RealMemory=4000 State=UNKNOWN"
)
# In a namespace of its own, so that its end is the end of all that it runs, and
# with a file of hosts by which processes on the nodes find each other.
_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
_WITH_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"'


class Cluster:
  """The daemons.

  Args:
    folder: for all their files; its path must be short, for a socket.
  """

  def __init__(self, folder: pathlib.Path) -> None:
    self._folder = folder
    self._daemons: dict[str, subprocess.Popen] = {}

  def start(self) -> None:
    """Starts munge, the controller and the nodes, and waits for them."""
    folder, host = self._folder, socket.gethostname().split(".")[0]
    for name in ("munge", "state", *(f"spool_{node}" for node in NODES)):
      (folder / name).mkdir(parents=True)
    nodes = "\n".join(
      _NODE.format(name=name, host=host, port=16820 + k)
      for k, name in enumerate(NODES)
    )
    words = {"host": host, "folder": folder, "nodes": nodes}
    config = _CONFIG.format(names=",".join(NODES), **words)
    (folder / "slurm.conf").write_text(config)
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    lines = [f"127.0.0.1 {name}\n" for name in NODES]
    hosts = pathlib.Path("/etc/hosts").read_text() + "".join(lines)
    (folder / "hosts").write_text(hosts)
    (folder / "munge/key").write_bytes(os.urandom(128))
    (folder / "munge/key").chmod(0o400)
    self._start(
      "munged",
      "munged",
      "--foreground",
      "--force",
      f"--socket={folder}/munge/socket",
      f"--key-file={folder}/munge/key",
      f"--pid-file={folder}/munge/pid",
      f"--seed-file={folder}/munge/seed",
    )
    wait_until((folder / "munge/socket").exists, 20)
    self._start("slurmctld", "slurmctld", "-D")
    for name in NODES:
      self.start_node(name)
    wait_until(lambda: slurm("sinfo", "-h", "-t", "idle", "-o", "%D") == "2")

  def start_node(self, name: str) -> None:
    """Starts the daemon of a node."""
    hosts = ("sh", "-c", _WITH_HOSTS, str(self._folder / "hosts"))
    self._start(name, *_NAMESPACE, *hosts, "slurmd", "-D", "-N", name)

  def kill_node(self, name: str) -> None:
    """Kills a node with all that runs on it, as a power cut does."""
    daemon = self._daemons.pop(name)
    daemon.kill()
    daemon.wait()

  def stop(self) -> None:
    """Ends all daemons, the nodes first."""
    for name in set(NODES) & self._daemons.keys():
      self.kill_node(name)  # their namespaces pass on no other signal
    for daemon in reversed(list(self._daemons.values())):
      daemon.terminate()
      daemon.wait()

  def _start(self, name: str, *command: str) -> None:
    with (self._folder / f"{name}.log").open("ab") as log:
      self._daemons[name] = subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT
      )


def slurm(*command: str) -> str:
  """Returns what one of Slurm's commands prints."""
  result = subprocess.run(command, capture_output=True, text=True)
  return result.stdout.strip()


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
  """Waits for a condition; a TimeoutError if it doesn't come true."""
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise TimeoutError(f"not true after {seconds} s")
    time.sleep(0.5)
