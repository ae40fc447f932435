"""The first picture is that of the model that comes with the package."""

import io
import runpy

import numpy as np
from PIL import Image, ImageSequence


def frames_of(content):
  with Image.open(io.BytesIO(content)) as file:
    frames = ImageSequence.all_frames(file, lambda x: x.convert("RGB"))
  return [np.asarray(frame, float) for frame in frames]


def test_the_picture_is_of_the_shipped_model():
  drawing = runpy.run_path("docs/draw_traversals.py")
  drawn = frames_of(drawing["gif"]())
  there = frames_of(drawing["PATH"].read_bytes())
  for frame, other in zip(drawn, there, strict=True):
    # Rounding may move an edge by a shade.
    assert frame.shape == other.shape and np.abs(frame - other).mean() < 1
