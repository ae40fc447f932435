"""Damaged JSON files of a run are refused by name, or say what they said."""

import contextlib
import json

import hypothesis
import pytest
from hypothesis import strategies as st

from cascade_jax import config as config_lib
from cascade_jax.errors import UserError
from cascade_jax.evaluation import comparison, evaluation_file, summary
from cascade_jax.runs import dataset_record, json_file, workdir
from tests.helpers import reported_run
from tests.helpers.mutations import damaged, damaged_json
from tests.helpers.properties import properties
from tests.helpers.readers import outcome

_CONFIG = json.loads(config_lib.default().to_json())
_RUN = {
  "step": 0,
  "command": "train.py",
  "started": "2026-01-02",
  "git_commit": None,
  "device": "1 x cpu",
  "python": "3.11.7",
  "versions": {"jax": "0.10.1"},
  "resumes": [{"step": 4}],
  "saved_step": 3,
}
_DATASET = {
  "name": "sprites",
  "num_images": 30,
  "image_shape": [16, 16, 1],
  "images_digest": "00ff",
  "factor_names": ["shape", "x"],
  "class_factor": "shape",
  "class_names": ["a", "b"],
}
_SUMMARY = {
  "dataset": "sprites",
  "protocol": {"disentanglement_score": "so"},
  "config": {"method": "mine", "num_continuous": 1, "data": {"name": "x"}},
  "runs": [
    {
      "seed": seed,
      "disentanglement_score": 0.5,
      "classification_accuracy": None,
      "reconstruction": 21.5,
      "elbo_at_mean": -30.0,
      "num_images": 100,
      "step": 9,
      "information": {"index_code_information": 2.0, "of_columns": [1.0, 1.0]},
    }
    for seed in (3, 4)
  ],
}


def _config(path):
  """The config of a run, and whether it can be trained with."""
  config = workdir.read_config(path.parent)
  with contextlib.suppress(UserError):
    config_lib.check(config)
  return json.loads(config.to_json())


def _summary(path):
  """A summary, after its table is made."""
  content = summary.read(path)
  assert summary.to_markdown(content).encode()
  with contextlib.suppress(UserError):  # of runs on no images, say
    comparison.to_markdown({"all": content})
  return content


# By the name of the file: its kind, its content, and its reader.
_FILES = {
  "config": (workdir.CONFIG, _CONFIG, _config),
  "run": (workdir.RUN, _RUN, lambda path: workdir.read_run(path.parent)),
  "dataset": (
    dataset_record.DATASET,
    _DATASET,
    lambda path: dataset_record.read(path.parent)._asdict(),
  ),
  "evaluation": (
    evaluation_file.KIND,
    reported_run.EVALUATION,
    lambda path: evaluation_file.read(path.parent),
  ),
  "summary": (summary.KIND, _SUMMARY, _summary),
}


@pytest.fixture(scope="module", params=_FILES)
def file(request, tmp_path_factory):
  """The path of a file, its reader, and what the file holds."""
  kind, content, read = _FILES[request.param]
  path = tmp_path_factory.mktemp("run") / f"{request.param}.json"
  json_file.write(path, kind, content)
  return path, read, path.read_bytes(), kind


@properties(40)
@hypothesis.given(data=st.data())
def test_damage_is_refused_or_changes_nothing(file, data):
  path, read, whole, _ = file
  path.write_bytes(whole)
  expected = read(path)
  content = data.draw(damaged(whole, json.dumps(_RUN).encode()))
  found = outcome(read, path, content)
  assert found is None or found == expected


@properties(40)
@hypothesis.given(data=st.data())
def test_what_an_earlier_version_wrote_is_refused_or_of_the_right_types(
  file, data
):
  """These files have no digests, so any JSON may come up to here."""
  path, read, whole, kind = file
  content = json.loads(whole)
  del content["cascade_jax"], content["digest"]
  found = outcome(read, path, data.draw(damaged_json(content)))
  if found is not None:
    json_file.write(path, kind, found)
    json.dumps(found, ensure_ascii=False).encode()
