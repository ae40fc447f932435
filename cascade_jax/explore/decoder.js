// Decoders as lists of layers, one image at a time.
// Images are lists of pixels, row by row, and the channels of a pixel are
// neighbours, as in JAX: [H, W, C].

/** Returns the numbers that Python wrote as base64 of little-endian float32. */
function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** x W + b; the kernel is [inputs, outputs]. */
class Dense {
  constructor(kernel, bias) {
    this.kernel = kernel;
    this.bias = bias;
  }

  apply(x) {
    const { kernel } = this;
    const y = Float32Array.from(this.bias);
    x.forEach((value, i) => {
      if (value === 0) return; // about half of them, after a relu
      const row = i * y.length;
      for (let j = 0; j < y.length; j++) y[j] += value * kernel[row + j];
    });
    return y;
  }
}

const PARITIES = [[0, 0], [0, 1], [1, 0], [1, 1]];

/**
 * A transposed convolution of 4x4 taps and stride 2, which doubles the side.
 *
 * Output row 2u + p, for p = 0 or 1, is made of two rows of the input: of row
 * u - 1 + p by tap 3 - p, and of the next one by tap 1 - p; columns likewise.
 * So the outputs of one parity (p, q) are an ordinary convolution of 2x2 taps.
 * With a border of zeros around the input, its window is two runs of memory.
 */
class TransposedConvolution {
  /**
   * @param kernel [4, 4, outputs, inputs], as Flax stores it.
   * @param bias [outputs]
   */
  constructor(kernel, bias) {
    this.bias = bias;
    this.inputs = kernel.length / (16 * bias.length);
    this.runs = this.runsOf(kernel);
  }

  /** Reorders the kernel to [p, q, outputs, window of 2x2 pixels, inputs]. */
  runsOf(kernel) {
    const outputs = this.bias.length;
    const runs = new Float32Array(kernel.length);
    let to = 0;
    const append = (row, column, output) => {
      const from = ((row * 4 + column) * outputs + output) * this.inputs;
      runs.set(kernel.subarray(from, from + this.inputs), to);
      to += this.inputs;
    };
    for (const [p, q] of PARITIES)
      for (let output = 0; output < outputs; output++)
        for (const row of [3 - p, 1 - p])
          for (const column of [3 - q, 1 - q]) append(row, column, output);
    return runs;
  }

  /** Maps a square image whose side is a multiple of 4. */
  apply(x) {
    const side = Math.sqrt(x.length / this.inputs);
    const bordered = this.withBorder(x, side);
    const output = new Float32Array(4 * side * side * this.bias.length);
    const size = this.runs.length / PARITIES.length;
    PARITIES.forEach(([p, q], k) => {
      const runs = this.runs.subarray(k * size, (k + 1) * size);
      // Four windows at once, so that a weight is read once for all of them.
      for (let u = 0; u < side; u++)
        for (let v = 0; v < side; v += 4) {
          const start = ((u + p) * (side + 2) + v + q) * this.inputs;
          const to = (2 * u + p) * 2 * side + 2 * v + q;
          this.fourWindows(bordered, side, runs, start, output, to);
        }
    });
    return output;
  }

  /** Returns an image with a border of one pixel of zeros around it. */
  withBorder(x, side) {
    const { inputs } = this;
    const bordered = new Float32Array((side + 2) ** 2 * inputs);
    for (let row = 0; row < side; row++) {
      const to = ((row + 1) * (side + 2) + 1) * inputs;
      const line = side * inputs;
      bordered.set(x.subarray(row * line, (row + 1) * line), to);
    }
    return bordered;
  }

  /**
   * Computes all outputs of four windows side by side.
   *
   * @param start of the first window in x, the image with its border.
   * @param pixel of the output of the first window.
   */
  fourWindows(x, side, runs, start, output, pixel) {
    const { inputs, bias } = this;
    const outputs = bias.length;
    const line = (side + 2) * inputs;
    let to = pixel * outputs;
    let weight = 0;
    for (let k = 0; k < outputs; k++, to++) {
      let a = bias[k], b = a, c = a, d = a;
      for (let first = start; first <= start + line; first += line)
        for (let i = first; i < first + 2 * inputs; i++, weight++) {
          const w = runs[weight];
          a += w * x[i];
          b += w * x[i + inputs];
          c += w * x[i + 2 * inputs];
          d += w * x[i + 3 * inputs];
        }
      output[to] = a;
      output[to + 2 * outputs] = b;
      output[to + 4 * outputs] = c;
      output[to + 6 * outputs] = d;
    }
  }
}

const KINDS = {
  "dense": Dense,
  "transposed convolution": TransposedConvolution,
};
const ACTIVATIONS = {
  relu: (x) => x.map((value) => Math.max(value, 0)),
  sigmoid: (x) => x.map((value) => 1 / (1 + Math.exp(-value))),
};

/** Maps a code to its mean image. */
class Decoder {
  /** @param layers as Python wrote them, in the order of computation. */
  constructor(layers) {
    this.layers = layers.map(({ kind, activation, kernel, bias }) => ({
      layer: new KINDS[kind](floats(kernel), floats(bias)),
      activate: ACTIVATIONS[activation],
    }));
  }

  /** Maps latents [m] and a row of the code [S] to means [H * W * C]. */
  decode(latents, code) {
    let x = Float32Array.from([...latents, ...code]);
    for (const { layer, activate } of this.layers) x = activate(layer.apply(x));
    return x;
  }
}
