"""Models on the Hugging Face Hub: a repository with the file and its card."""

import pathlib
import tempfile

from cascade_jax import optional
from cascade_jax.errors import UserError
from cascade_jax.model import card, pretrained
from cascade_jax.model.contents import Contents

PREFIX = "hf://"
_FILE = f"model{pretrained.SUFFIX}"


def upload(contents: Contents, repo_id: str, private: bool = False) -> str:
  """Uploads a model with its card as README.md.

  Args:
    contents: of the model.
    repo_id: "user/name"; the repository is made where it does not exist.
    private: whether a new repository is seen by its owner only.

  Returns:
    What `cascade_jax.load` loads it by.

  Raises:
    UserError: huggingface_hub is not installed.
  """
  hub = optional.imported("huggingface_hub", "hub", PREFIX)
  with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    pretrained.write(folder / _FILE, contents)
    text = card.model_card(contents, f"{PREFIX}{repo_id}")
    (folder / "README.md").write_text(text, encoding="utf-8")
    api = hub.HfApi()
    api.create_repo(repo_id, private=private, exist_ok=True)
    api.upload_folder(repo_id=repo_id, folder_path=name)
  return f"{PREFIX}{repo_id}"


def download(path: str) -> pathlib.Path:
  """Returns the local copy of a model's file.

  Args:
    path: "hf://user/name".

  Raises:
    UserError: huggingface_hub is not installed, or there is no such file.
  """
  hub = optional.imported("huggingface_hub", "hub", PREFIX)
  try:
    return pathlib.Path(hub.hf_hub_download(path.removeprefix(PREFIX), _FILE))
  except Exception as error:  # there are many kinds, of several packages
    raise UserError(f"{path} can't be downloaded: {error}") from error
