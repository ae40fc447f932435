"""How far a run's files reach, and what is told of those that are shorter."""

from cascade_jax.runs import log_file, reach, workdir
from tests.helpers.reported_run import log_entry


def test_a_log_that_is_cut_between_two_lines_is_told(tmp_path, caplog):
  entries = [log_entry(step) for step in (1, 2, 3)]
  log_file.write(tmp_path / log_file.NAME, entries)
  workdir.record_start(tmp_path, 0)
  reach.record(tmp_path, saved=2, logged=2)
  for kept in (3, 2):  # what comes after the checkpoint may be missing
    log_file.write(tmp_path / log_file.NAME, entries[:kept])
    assert reach.read_log(tmp_path) == entries[:kept]
    assert not caplog.text
  log_file.write(tmp_path / log_file.NAME, entries[:1])
  assert reach.read_log(tmp_path) == entries[:1]
  assert "metrics.jsonl: the log ends at step 1, but once reached step 2" in (
    caplog.text
  )
