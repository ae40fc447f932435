"""Commands in processes of their own that don't come to their end."""

import contextlib
import re
import resource
import signal
import subprocess
import sys


def interrupted(log_line, command, *arguments):
  """Sends Ctrl-C to a command as soon as a log line says something.

  Returns:
    The exit status, and the other lines on stderr.
  """
  with _started(command, *arguments) as process:
    lines = []
    for line in process.stderr:
      lines.append(line)
      if log_line in line:
        process.send_signal(signal.SIGINT)
        break
    lines += process.stderr
  return process.returncode, _without_log_lines(lines)


def with_small_files(size, command, *arguments):
  """Runs a command that can write no file of more than `size` bytes.

  Returns:
    The exit status, and the lines on stderr that aren't log lines.
  """
  with _started(command, *arguments) as process:
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
    lines = list(process.stderr)
  return process.returncode, _without_log_lines(lines)


@contextlib.contextmanager
def _started(command, *arguments):
  # jax warns of a program that it can't cache.
  python = [sys.executable, "-W", "ignore", "-m", f"experiments.{command}"]
  with subprocess.Popen(
    [*python, *map(str, arguments)],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
  ) as process:
    try:
      yield process
    except BaseException:
      process.kill()
      raise


def _without_log_lines(lines):
  """Returns the lines that neither absl logs as information nor XLA."""
  return [
    line
    for line in lines
    if not re.match(r"I\d{4} ", line) and "cpu_aot_loader.cc" not in line
  ]
