"""Archives of arrays are read whole and unchanged, or refused."""

import io
import os
import random
import struct
import zipfile

import numpy as np
import pytest

from cascade_jax.array_files import claims, memory, npz
from cascade_jax.errors import UserError
from tests.helpers.scored_codes import trained

NAMES = ("factors", "means", "categories", "scales", "kl", "classes")
SAVERS = {"stored": np.savez, "compressed": np.savez_compressed}


class Pipe(io.RawIOBase):
  """A file that can only be written to, so sizes follow their members."""

  def __init__(self):
    self.content = b""

  def writable(self):
    return True

  def write(self, piece):
    self.content += bytes(piece)
    return len(piece)


def codes():
  """A few codes of a trained model, as evaluation writes them."""
  return {name: x[:12] for name, x in trained().items()}


def content_of(arrays, save=np.savez_compressed):
  file = io.BytesIO()
  save(file, **arrays)
  return file.getvalue()


def zip_of(members):
  """The bytes of an archive of (name, content), sizes being 32-bit."""
  file = io.BytesIO()
  with zipfile.ZipFile(file, "w") as archive:
    for name, content in members:
      archive.writestr(name, content)
  return file.getvalue()


def npy_of(array):
  file = io.BytesIO()
  np.save(file, array)
  return file.getvalue()


def check_read(path, content, arrays):
  """The content is refused in one line, or read as these arrays."""
  path.write_bytes(content)
  try:
    found = npz.read(path, NAMES)
  except UserError as error:
    assert str(error).startswith(str(path)) and "\n" not in str(error)
    return False
  assert found.keys() == arrays.keys()
  for name, array in arrays.items():
    np.testing.assert_array_equal(found[name], array, strict=True)
  return True


def refusal(path, content):
  path.write_bytes(content)
  with pytest.raises(UserError) as refused:
    npz.read(path, NAMES)
  assert str(refused.value).startswith(str(path))
  return str(refused.value)


@pytest.mark.parametrize("save", SAVERS.values(), ids=SAVERS)
def test_what_numpy_writes_is_read(tmp_path, save):
  arrays = codes() | {"kl": np.array(2.5), "classes": np.array(["a", "bc"])}
  arrays["factors"] = np.zeros((0, 3), np.uint8)
  assert check_read(tmp_path / "a.npz", content_of(arrays, save), arrays)
  pipe = Pipe()
  save(pipe, **arrays)
  assert check_read(tmp_path / "a.npz", pipe.content, arrays)
  plain = zip_of([(f"{k}.npy", npy_of(x)) for k, x in arrays.items()])
  assert check_read(tmp_path / "a.npz", plain, arrays)


def test_other_orders_of_values_and_bytes_are_read(tmp_path):
  plain = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
  stored = {
    "means": np.asfortranarray(plain),
    "scales": plain.astype(">f4"),
    "kl": np.asfortranarray(plain.astype(">f4")),
  }
  expected = dict.fromkeys(stored, plain)
  assert check_read(tmp_path / "a.npz", content_of(stored), expected)


@pytest.mark.parametrize("save", SAVERS.values(), ids=SAVERS)
def test_flipped_bits_are_refused_or_change_no_array(tmp_path, save):
  """Also those of the directory, which hold names, places and sizes."""
  arrays = codes()
  content = content_of(arrays, save)
  drawn = random.Random(0)
  directory = content.index(b"PK\x01\x02")
  starts = [0] * 100 + [8 * directory] * 300
  places = [drawn.randrange(start, 8 * len(content)) for start in starts]
  num_read = 0
  for place in places:
    flipped = bytearray(content)
    flipped[place // 8] ^= 1 << place % 8
    num_read += check_read(tmp_path / "a.npz", bytes(flipped), arrays)
  assert 0 < num_read < 150  # those of dates and attributes


def test_an_entry_that_the_directory_swallows_is_missed(tmp_path):
  """Three arrays, of which the first one's entry claims a long comment."""
  content = bytearray(content_of({k: codes()[k] for k in NAMES[:3]}))
  first = content.index(b"PK\x01\x02")
  second = content.index(b"PK\x01\x02", first + 1)
  (length,) = struct.unpack_from("<H", content, first + 32)
  length += len(content) - 22 - second  # up to the last record
  struct.pack_into("<H", content, first + 32, length)
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    assert len(archive.infolist()) == 1  # for zipfile the others are gone
  message = refusal(tmp_path / "a.npz", content)
  assert "should hold 3 arrays, and 1 are to be found" in message


def test_bytes_that_no_entry_lists_are_refused(tmp_path):
  content = content_of(codes())
  directory = content.index(b"PK\x01\x02")
  path = tmp_path / "a.npz"
  assert "before means.npy that none lists" in refusal(path, b"x" + content)
  assert "bytes after its end" in refusal(path, content + b"x")
  hidden = bytearray(content[:directory] + b"hidden" + content[directory:])
  (start,) = struct.unpack_from("<L", hidden, len(hidden) - 6)
  struct.pack_into("<L", hidden, len(hidden) - 6, start + 6)
  assert "after the arrays that none lists" in refusal(path, hidden)


@pytest.mark.parametrize("place", [6, 8, 14, 18, 22, 34])
def test_a_member_whose_own_header_differs_is_refused(tmp_path, place):
  """Flags, method, CRC, both sizes and the name, which zipfile believes not."""
  content = bytearray(zip_of([("means.npy", npy_of(np.eye(3)))]))
  content[place] ^= 1
  message = refusal(tmp_path / "a.npz", content)
  assert "the directory says of means.npy differs" in message


def test_unknown_repeated_and_odd_members_are_refused(tmp_path):
  path = tmp_path / "a.npz"
  array = npy_of(np.eye(3))
  message = refusal(path, content_of({"means": 1, "factor": 2}))
  assert "an array named 'factor'; did you mean 'factors'?" in message
  message = refusal(path, content_of({"z": 2}))
  assert "'z'; the names are factors, means, categories" in message
  assert "'notes.txt' in it is not" in refusal(
    path, zip_of([("notes.txt", b"")])
  )
  with pytest.warns(UserWarning, match="Duplicate name"):
    twice = zip_of([("means.npy", array), ("means.npy", array)])
  assert "have the same name" in refusal(path, twice)
  longer = zip_of([("means.npy", array + b"x")])
  assert "takes 72 bytes, and there are 73" in refusal(path, longer)


@pytest.mark.parametrize(
  ("array", "message"),
  [
    (np.array([{}]), "kl: it is of Python objects"),
    (np.zeros(2, [("a", "f4")]), "kl: it is of type .*each field"),
    (np.zeros(2, "V2"), "kl: it is of type .*float32"),
  ],
)
def test_types_that_are_not_numbers_or_strings_are_refused(
  tmp_path, array, message
):
  path = tmp_path / "a.npz"
  np.savez(path, kl=array)
  with pytest.raises(UserError, match=message):
    npz.read(path, NAMES)


def test_arrays_that_would_fill_the_memory_are_refused(tmp_path, monkeypatch):
  zeros = content_of({"means": np.zeros((500, 500))})  # 2 MB in 2 kB
  path = tmp_path / "a.npz"
  path.write_bytes(zeros)
  assert npz.read(path, NAMES)["means"].shape == (500, 500)
  monkeypatch.setattr(claims, "_HARMLESS", 2**20)
  assert "means: it takes 0.002 GB" in refusal(path, zeros)
  noise = content_of({"means": np.random.default_rng(0).random((500, 500))})
  path.write_bytes(noise)
  assert npz.read(path, NAMES)["means"].shape == (500, 500)
  monkeypatch.setattr(memory, "free_on_host", lambda: 1_000_000)
  assert "of which 0.001 GB are free; keep fewer rows" in refusal(path, noise)


def test_the_file_is_closed_also_if_it_is_refused(tmp_path):
  before = os.listdir("/proc/self/fd")
  for content in (content_of(codes()), content_of({"z": 1}), b"PK\x03\x04"):
    check_read(tmp_path / "a.npz", content, codes())
  assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(UserError, match="a.npz can't be read: No such file"):
    npz.read(tmp_path / "a.npz", NAMES)
