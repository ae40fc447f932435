import copy
import json

import numpy as np
import pytest

from cascade_jax import config, methods
from cascade_jax import data as data_lib
from cascade_jax.benchmark import measure as benchmark
from cascade_jax.benchmark import table as benchmark_table


def measure(**changes):
  """Returns the figures of a tiny run, as they are read from a file."""
  patch = pytest.MonkeyPatch()
  rng = np.random.default_rng(0)
  images = rng.integers(0, 2, (70, 16, 16, 1), dtype=np.uint8)
  tiny = config.default()
  tiny.data.image_size = 16
  tiny.batch_size = 4
  tiny.update_from_flattened_dict(changes)
  with patch.context() as patch:
    classes = np.arange(70)[:, None] % 3
    dataset = data_lib.from_arrays("tiny", images, classes, ("c",), "c")
    patch.setattr(benchmark.data, "load", lambda **_: dataset)
    patch.setattr(benchmark, "_REPEATS", 3)
    patch.setattr(benchmark, "_SOLVER_REPEATS", 3)
    patch.setattr(benchmark, "_SOLVER_SIZES", ((4, 3),))
    patch.setattr(benchmark, "gemm_gigaflops", lambda: 100.0)
    return json.loads(json.dumps(benchmark.measure(tiny, 65)))


@pytest.fixture(scope="module")
def figures():
  return measure(num_replicas=2)


@pytest.mark.parametrize("method", ["beta_vae", "aae_s"])
def test_methods_that_solve_for_no_codes_are_measured(method):
  figures = measure(method=method, **{"aae.discriminator_units": 8})
  assert list(figures["steps"]) == ["warm_up"] and figures["parts"] is None
  # The arithmetic of a method with a discriminator is not counted.
  has_limit = "times_limit" in figures["steps"]["warm_up"]
  assert has_limit == (method == "beta_vae")
  table = benchmark_table.to_markdown(figures, figures)
  assert "| step | " in table and f"; {method}, batch 4" in table


def gigaflop(run_config):
  shape = (64, 64, 1)
  method = methods.build(run_config, shape)
  return benchmark.gigaflop(run_config, shape, method)


def test_arithmetic_of_the_paper_s_step():
  """Counted by hand: 6.2 GFLOP without the discrete code, 8.3 with it."""
  counted = gigaflop(config.default())
  # The strided convolutions of one image: outputs times 2 * 16 * inputs.
  convolutions = (
    2
    * 16
    * (32 * 32 * 32 * 1 + 16 * 16 * 32 * 32 + 8 * 8 * 64 * 32 + 4 * 4 * 64 * 64)
  )
  encoder = convolutions + 2 * (1024 * 256 + 256 * 12)
  decoder = convolutions + 2 * (9 * 256 + 256 * 1024)
  assert counted["warm_up"] == pytest.approx(64 * 3 * (encoder + decoder) / 1e9)
  assert counted["warm_up"] == pytest.approx(6.2, abs=0.1)
  assert counted["discrete"] == pytest.approx(8.3, abs=0.1)
  assert counted["evaluation"] == pytest.approx((encoder + 3 * decoder) / 1e9)


def test_arithmetic_grows_with_replicas():
  several = config.default()
  several.num_replicas = 10
  one, ten = gigaflop(config.default()), gigaflop(several)
  assert ten["discrete"] == pytest.approx(10 * one["discrete"])


def test_the_ratio_is_time_times_rate_over_arithmetic(figures):
  step = figures["steps"]["discrete_host"]
  expected = step["milliseconds"] / 1e3 * 100 / figures["gigaflop"]["discrete"]
  assert step["times_limit"] == pytest.approx(expected)
  assert step["images_per_second"] == pytest.approx(8e3 / step["milliseconds"])


def test_every_figure_is_measured(figures):
  assert set(figures["steps"]) == {
    "warm_up",
    "discrete_host",
    "discrete_device",
  }
  parts = dict(figures["parts"])
  share = parts.pop("solve_and_transfers_share")
  alone = parts["to_host"] + parts["solve"] + parts["to_device"]
  assert share == pytest.approx(alone / sum(parts.values()))
  # 130 where one program takes both replicas.
  assert figures["evaluation"]["images"] in (65, 130)
  assert {row["costs"] for row in figures["solvers"]} == {"usual", "equal"}
  assert figures["peak_bytes"] >= figures["peak_bytes_training"] > 1e6
  assert figures["machine"]["versions"]["jax"]


def test_the_table_has_ratios_to_earlier_figures(figures):
  table = benchmark_table.to_markdown(figures)
  assert "| warm-up step | " in table and "2 replicas" in table
  earlier = copy.deepcopy(figures)
  earlier["steps"]["warm_up"]["milliseconds"] *= 2
  del earlier["solvers"][0]
  earlier["parts"] = None  # as an older version left them out
  row = next(
    line
    for line in benchmark_table.to_markdown(figures, earlier).splitlines()
    if line.startswith("| warm-up step |")
  )
  assert row.endswith("| 0.50 |")


def test_figures_of_another_config_are_refused(figures):
  earlier = copy.deepcopy(figures)
  earlier["config"]["batch_size"] = 128
  with pytest.raises(ValueError, match="another config"):
    benchmark_table.to_markdown(figures, earlier)
