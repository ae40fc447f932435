import pytest

from cascade_jax import config
from cascade_jax.benchmark import growth, growth_tables
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file
from tests.helpers.launcher import call

AXES = {
  "batch": ("batch_size", (4, 8)),
  "variables": ("num_categories", ((2,), (2, 2))),
  "image_size": ("data.image_size", (16, 256)),
  "devices": ("num_devices", (2,)),
}


def tiny_config():
  tiny = config.default()
  tiny.data.image_size = 16
  tiny.batch_size = 4
  tiny.num_categories = (2,)
  return tiny


@pytest.fixture(scope="module")
def figures():
  """The figures of tiny work, on a machine that 256 pixels don't fit in."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(growth, "AXES", AXES)
    patch.setattr(growth, "_SIZES", ((4, 3),))
    patch.setattr(growth, "_REPEATS", 3)
    patch.setattr(growth, "_bytes_of_memory", lambda: 50_000_000)
    return growth.measure_growth(tiny_config(), (*AXES, "solvers"))


def test_every_setting_is_measured_or_says_why_not(figures):
  for axis, (_, values) in AXES.items():
    rows = figures["axes"][axis]
    assert [row["value"] for row in rows] == list(values)
    for row in rows:
      if row["value"] == 256:
        assert row["skipped"].startswith("not measured: needs about ")
      else:
        assert set(row["steps"]) == {"warm_up", "discrete_host"}, row
  assert figures["axes"]["batch"][0]["steps"] == figures["base"]["steps"]


def test_tables_have_ratios_to_the_base(figures, tmp_path):
  path = tmp_path / "growth.json"
  json_file.write(path, growth_tables.KIND, figures)
  text = growth_tables.to_markdown(json_file.read(path, growth_tables.KIND))
  first, second = (
    next(line for line in text.splitlines() if line.startswith(f"| {value} |"))
    for value in (4, 8)
  )
  assert first.count("| 1 |") == 2
  base = figures["base"]["steps"]["warm_up"]["milliseconds"]
  more = figures["axes"]["batch"][1]["steps"]["warm_up"]["milliseconds"]
  assert f"| {more / base:.3g} |" in second
  assert "| 2 x 2 |" in text and "| 256 | not measured: needs" in text
  assert "| 4 | 3 | equal |" in text


def test_unknown_parts_are_refused():
  with pytest.raises(
    UserError, match="'bath'; it must be all, or some of batch"
  ):
    growth.measure_growth(tiny_config(), ("solvers", "bath"))


def test_a_base_that_does_not_fit_is_refused(monkeypatch):
  monkeypatch.setattr(growth, "_bytes_of_memory", lambda: 1000)
  with pytest.raises(UserError, match="too large to start from"):
    growth.measure_growth(tiny_config(), ("batch",))


def test_the_command_prints_files_and_refuses_what_it_cannot_measure(
  figures, tmp_path
):
  path = tmp_path / "growth.json"
  json_file.write(path, growth_tables.KIND, figures)
  assert "Batch size:" in call("benchmark", str(path)).stdout
  refused = call("benchmark", "--growth=batch,bath")
  assert refused.returncode == 1 and "--growth has 'bath'" in refused.stderr
  refused = call("benchmark", "--growth=batch", f"--against={path}")
  assert refused.returncode == 1 and "leave out --growth" in refused.stderr
