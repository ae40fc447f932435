import pathlib
import shutil
import sys
import types

import numpy as np
import pytest

import cascade_jax
from cascade_jax.errors import UserError


@pytest.fixture
def hub(tmp_path, monkeypatch):
  """A hub that is a folder, with the functions that are called."""

  class HfApi:
    def create_repo(self, repo_id, private, exist_ok):
      (tmp_path / repo_id).mkdir(parents=True, exist_ok=exist_ok)

    def upload_folder(self, repo_id, folder_path):
      shutil.copytree(folder_path, tmp_path / repo_id, dirs_exist_ok=True)

  def hf_hub_download(repo_id, filename):
    path = tmp_path / repo_id / filename
    if not path.exists():
      raise FileNotFoundError(path)
    return str(path)

  module = types.SimpleNamespace(HfApi=HfApi, hf_hub_download=hf_hub_download)
  monkeypatch.setitem(sys.modules, "huggingface_hub", module)
  return pathlib.Path(tmp_path)


def test_an_uploaded_model_is_loaded_by_what_upload_returns(run_folder, hub):
  model = cascade_jax.load(run_folder)
  path = model.upload("someone/tiny")
  assert path == "hf://someone/tiny"
  loaded = cascade_jax.load(path)
  np.testing.assert_array_equal(
    loaded.decode(np.ones((1, 3)), 0), model.decode(np.ones((1, 3)), 0)
  )
  card = (hub / "someone" / "tiny" / "README.md").read_text()
  assert card.startswith("---\nlibrary_name: cascade_jax\n")
  assert 'cascade_jax.load("hf://someone/tiny")' in card


def test_what_is_not_there_is_said(hub):
  with pytest.raises(UserError, match="hf://someone/none can't be downloaded"):
    cascade_jax.load("hf://someone/none")


def test_the_missing_package_is_named(run_folder, monkeypatch):
  monkeypatch.setitem(sys.modules, "huggingface_hub", None)
  with pytest.raises(UserError, match=r"cascade_jax\[hub\]"):
    cascade_jax.load(run_folder).upload("someone/tiny")
