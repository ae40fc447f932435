"""Small imitations of the dSprites file, and one kind of damage."""

import h5py

SIZES = (3, 1, 2, 3, 2)  # the number of values of each factor


def write_hdf5(path, arrays):
  with h5py.File(path, "w") as file:
    file["imgs"] = arrays["imgs"]
    file["latents/classes"] = arrays["latents_classes"]


def cut(path):
  path.write_bytes(path.read_bytes()[:-200])
