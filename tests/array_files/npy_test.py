"""The header of an .npy is checked before memory is taken."""

import io

import numpy as np
import pytest

from cascade_jax.array_files import npy
from cascade_jax.errors import UserError


def content(shape=(3, 2), descr="<f8", num_bytes=48):
  """An .npy that says it holds such an array, and so many bytes of values."""
  file = io.BytesIO()
  header = {"descr": descr, "fortran_order": False, "shape": shape}
  np.lib.format.write_array_header_2_0(file, header)
  return file.getvalue() + bytes(num_bytes)


def test_an_array_is_read_and_the_log_says_that_nothing_vouches_for_it(
  tmp_path, caplog
):
  path = tmp_path / "mine.npy"
  path.write_bytes(content())
  with caplog.at_level("INFO", "absl"):
    np.testing.assert_array_equal(npy.read_file(path), np.zeros((3, 2)))
  assert "mine.npy has no checksum" in caplog.text


@pytest.mark.parametrize(
  ("wrong", "message"),
  [
    ({"shape": (10**12, 2)}, "takes 16000000000000 bytes, and there are 48"),
    ({"shape": (-3, -2)}, "its shape is"),
    ({"shape": (0, 10**30)}, "takes 0 bytes, and there are 48"),
    ({"shape": (10**12,), "descr": "<U0", "num_bytes": 0}, "take no bytes"),
    ({"descr": "|O"}, "Python objects"),
    ({"num_bytes": 47}, "takes 48 bytes, and there are 47"),
    ({"num_bytes": 49}, "takes 48 bytes, and there are 49"),
  ],
)
def test_a_header_that_is_not_of_its_values_is_refused(
  tmp_path, wrong, message
):
  path = tmp_path / "mine.npy"
  path.write_bytes(content(**wrong))
  with pytest.raises(UserError, match=f"mine.npy.*{message}"):
    npy.read_file(path)


def test_a_header_too_long_for_the_parser_is_not_read(tmp_path):
  path = tmp_path / "mine.npy"
  path.write_bytes(b"\x93NUMPY\2\0\xff\xff\xff\x7f" + b" " * 100)
  with pytest.raises(UserError, match="its header has 2147483647 bytes"):
    npy.read_file(path)
