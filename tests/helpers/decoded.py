"""Images as decoder.js computes them, in Node.js and on a page's canvas."""

import importlib.resources
import json
import shutil
import subprocess

import numpy as np
import pytest

from tests.helpers import explored

_DECODE = """
const { layers, codes } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const decoder = new Decoder(layers);
console.log(JSON.stringify(codes.map(
  ([latents, code]) => [...decoder.decode(latents, code)])));
"""
_PICTURE = """
(() => {
  const canvas = document.getElementById("picture");
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  return [...context.getImageData(0, 0, width, height).data];
})()
"""


def in_node(layers, latents, rows):
  """Decodes latents [N, m] and rows of the code [N, S].

  `layers` are those of a page. Skips the test where node is not installed.
  """
  node = shutil.which("node")
  if node is None:
    pytest.skip("node is not installed")
  folder = importlib.resources.files("cascade_jax.explore")
  program = folder.joinpath("decoder.js").read_text() + _DECODE
  codes = [[z.tolist(), row.tolist()] for z, row in zip(latents, rows)]
  result = subprocess.run(
    [node, "-e", program],
    input=json.dumps({"layers": layers, "codes": codes}),
    capture_output=True,
    text=True,
    check=True,
  )
  return np.array(json.loads(result.stdout))


def picture(tab, size):
  """The decoded image of the page in a tab, [size, size, 4] of 255 levels."""
  tab.next_frame()
  return np.array(tab.run(_PICTURE)).reshape(size, size, 4)


def check_pictures(tab, decode, num_continuous, sizes):
  """Compares pictures of all categories, and of none, with a decoder's.

  `decode` maps latents and joint categories to images.
  """
  latents, joint = explored.codes(num_continuous, sizes)
  expected = np.asarray(decode(latents, joint))
  size = expected.shape[1]
  for z, number, image in zip(latents, joint, expected):
    categories = [-1] * len(sizes)
    if number >= 0:
      categories = [int(k) for k in np.unravel_index(number, sizes)]
    code = f"{{latents: {z.tolist()}, categories: {categories}}}"
    tab.run(f"explorer.setCode({code}, 'a test')")
    shown = picture(tab, size)
    colors = np.broadcast_to(image, (size, size, 3))
    assert np.abs(shown[..., :3] / 255 - colors).max() < 1 / 255
    assert (shown[..., 3] == 255).all()
