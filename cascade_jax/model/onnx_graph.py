"""The encoder and the decoder as ONNX graphs, written layer by layer.

ONNX lays images out as [N, C, H, W] and this package as [N, H, W, C], so each
graph transposes where dense layers and convolutions meet. SAME padding of a
4x4 kernel with stride 2 is one pixel on each side, in both directions.

The most likely category of an image is the one whose code gives the smallest
-log p(x | mean, code): decode the mean with each one-hot code, and compare.

Shapes: N rows, m continuous dimensions, S categories of all discrete variables
together, H W C image.
"""

from typing import Any

import numpy as np

from cascade_jax import optional

_OPSET = 17  # of 2022, for readers of some age
_CONVOLUTION: dict[str, Any] = {
  "kernel_shape": [4, 4],
  "strides": [2, 2],
  "pads": [1, 1, 1, 1],
}
_TO_NCHW, _TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


class _Graph:
  """Nodes and weights of a graph, added in the order of computation."""

  def __init__(self) -> None:
    self._onnx = optional.imported("onnx", "onnx", "to='onnx'")
    self._nodes: list[Any] = []
    self._weights: list[Any] = []

  def add(
    self, kind: str, *inputs: str, name: str = "", **settings: Any
  ) -> str:
    """Adds a node and returns the name of its output."""
    output = name or f"{kind}_{len(self._nodes)}"
    self._nodes.append(
      self._onnx.helper.make_node(kind, inputs, [output], **settings)
    )
    return output

  def constant(self, array: np.ndarray) -> str:
    """Adds an array and returns its name."""
    name = f"constant_{len(self._weights)}"
    array = np.ascontiguousarray(array)
    self._weights.append(self._onnx.numpy_helper.from_array(array, name))
    return name

  def dense(self, x: str, layer: dict) -> str:
    """Adds x @ kernel + bias."""
    kernel, bias = self.constant(layer["kernel"]), self.constant(layer["bias"])
    return self.add("Gemm", x, kernel, bias)

  def convolution(self, x: str, layer: dict) -> str:
    """Adds a convolution that halves height and width."""
    kernel = self.constant(np.transpose(layer["kernel"], (3, 2, 0, 1)))
    bias = self.constant(layer["bias"])
    return self.add("Conv", x, kernel, bias, **_CONVOLUTION)

  def transposed_convolution(self, x: str, layer: dict) -> str:
    """Adds a transposed convolution, which doubles height and width.

    Its kernel is that of the convolution that it is the gradient of: the same
    order of axes makes it [inputs, outputs, 4, 4] here.
    """
    kernel = self.constant(np.transpose(layer["kernel"], (3, 2, 0, 1)))
    bias = self.constant(layer["bias"])
    return self.add("ConvTranspose", x, kernel, bias, **_CONVOLUTION)

  def serialized(self, name: str, inputs: dict, outputs: dict) -> bytes:
    """Returns the checked model; inputs and outputs map names to shapes."""
    inputs_info, outputs_info = (
      [
        self._onnx.helper.make_tensor_value_info(
          key, self._onnx.TensorProto.FLOAT, ["N", *shape]
        )
        for key, shape in each.items()
      ]
      for each in (inputs, outputs)
    )
    graph = self._onnx.helper.make_graph(
      self._nodes, name, inputs_info, outputs_info, self._weights
    )
    opset = self._onnx.helper.make_opsetid("", _OPSET)
    model = self._onnx.helper.make_model_gen_version(
      graph, opset_imports=[opset]
    )
    self._onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def encoder(
  params: dict, image_shape: tuple[int, int, int], num_continuous: int
) -> bytes:
  """Returns the graph images `[N, H, W, C]` -> `mean`, `scale`, `[N, m]`.

  A deterministic encoder has no scale.

  Args:
    params: of `networks.models.Encoder`.
    image_shape: H, W, C.
    num_continuous: m.
  """
  graph = _Graph()
  x = graph.add("Transpose", "images", perm=_TO_NCHW)
  for index in range(_num_convolutions(params)):
    x = graph.add("Relu", graph.convolution(x, params[f"conv_{index}"]))
  x = graph.add("Transpose", x, perm=_TO_NHWC)
  x = graph.add("Flatten", x)
  x = graph.add("Relu", graph.dense(x, params["hidden"]))
  head = params["head"]
  first = {k: v[..., :num_continuous] for k, v in head.items()}
  second = {
    k: v[..., num_continuous : 2 * num_continuous] for k, v in head.items()
  }
  outputs = {"mean": [num_continuous]}
  graph.add("Identity", graph.dense(x, first), name="mean")
  if second["bias"].size:
    graph.add("Softplus", graph.dense(x, second), name="scale")
    outputs["scale"] = [num_continuous]
  return graph.serialized("encoder", {"images": list(image_shape)}, outputs)


def decoder(params: dict, num_continuous: int) -> bytes:
  """Returns the graph `latents` `[N, m]`, `codes` `[N, S]` -> mean `images`.

  Images are `[N, H, W, C]` in [0, 1]. Without a code the only input is latents.

  Args:
    params: of `networks.models.Decoder`.
    num_continuous: m.
  """
  graph = _Graph()
  code_length = len(params["hidden"]["kernel"]) - num_continuous
  inputs, x = {"latents": [num_continuous]}, "latents"
  if code_length:
    inputs["codes"] = [code_length]
    x = graph.add("Concat", "latents", "codes", axis=1)
  x = graph.add("Relu", graph.dense(x, params["hidden"]))
  x = graph.add("Relu", graph.dense(x, params["grid"]))
  channels = params["grid"]["bias"].size // 16
  grid = graph.constant(np.array([-1, 4, 4, channels], np.int64))
  x = graph.add("Transpose", graph.add("Reshape", x, grid), perm=_TO_NCHW)
  num_hidden = _num_convolutions(params)
  for index in range(num_hidden):
    layer = params[f"conv_{index}"]
    x = graph.add("Relu", graph.transposed_convolution(x, layer))
  x = graph.add("Sigmoid", graph.transposed_convolution(x, params["logits"]))
  graph.add("Transpose", x, perm=_TO_NHWC, name="images")
  size = 4 * 2 ** (num_hidden + 1)
  shape = [size, size, params["logits"]["bias"].size]
  return graph.serialized("decoder", inputs, {"images": shape})


def _num_convolutions(params: dict) -> int:
  return sum(name.startswith("conv_") for name in params)
