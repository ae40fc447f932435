// The decoder of cascade_jax/networks/models.py, one image at a time.
// Images are lists of pixels, row by row, and the channels of a pixel are
// neighbours, as in JAX: [H, W, C].

/** Returns the numbers that Python wrote as base64 of little-endian float32. */
function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** Returns relu(x W + b); the kernel is [inputs, outputs]. */
function dense(x, { kernel, bias }) {
  const y = Float32Array.from(bias);
  x.forEach((value, i) => {
    if (value === 0) return; // about half of them, after a relu
    const row = i * y.length;
    for (let j = 0; j < y.length; j++) y[j] += value * kernel[row + j];
  });
  return y.map((value) => Math.max(value, 0));
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
   * @param side of the input.
   * @param isLast without relu, and without a border around the output.
   */
  constructor({ kernel, bias }, side, isLast) {
    this.side = side;
    this.bias = bias;
    this.inputs = kernel.length / (16 * bias.length);
    this.border = isLast ? 0 : 1;
    this.lowest = isLast ? -Infinity : 0;
    this.runs = this.runsOf(kernel);
    this.outputSide = 2 * (side + this.border);
    this.output = new Float32Array(this.outputSide ** 2 * bias.length);
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

  /** Maps an input with its border of zeros, [side + 2, side + 2, inputs]. */
  apply(x) {
    const size = this.runs.length / PARITIES.length;
    PARITIES.forEach(([p, q], k) => {
      const runs = this.runs.subarray(k * size, (k + 1) * size);
      // Four windows at once, so that a weight is read once for all of them.
      for (let u = 0; u < this.side; u++)
        for (let v = 0; v < this.side; v += 4)
          this.fourWindows(x, runs, u + p, v + q, 2 * u + p, 2 * v + q);
    });
    return this.output;
  }

  /**
   * Computes all outputs of four windows side by side.
   *
   * @param top row and `left` column of the first window, border included.
   * @param row and `column` of its output, border excluded.
   */
  fourWindows(x, runs, top, left, row, column) {
    const { inputs, output, border, lowest, bias } = this;
    const outputs = bias.length;
    const line = (this.side + 2) * inputs;
    const start = top * line + left * inputs;
    let to = ((row + border) * this.outputSide + column + border) * outputs;
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
      output[to] = Math.max(a, lowest);
      output[to + 2 * outputs] = Math.max(b, lowest);
      output[to + 4 * outputs] = Math.max(c, lowest);
      output[to + 6 * outputs] = Math.max(d, lowest);
    }
  }
}

/** Maps a code to its mean image. */
class Decoder {
  /** @param layers as Python wrote them: name, kernel and bias of each. */
  constructor(layers) {
    const [hidden, grid, ...rest] = layers.map((layer) => ({
      kernel: floats(layer.kernel),
      bias: floats(layer.bias),
    }));
    this.hidden = hidden;
    this.grid = grid;
    this.channels = grid.bias.length / 16; // of a grid of 4x4
    this.bordered = new Float32Array(6 * 6 * this.channels);
    this.convolutions = rest.map((layer, k) => {
      const isLast = k === rest.length - 1;
      return new TransposedConvolution(layer, 4 * 2 ** k, isLast);
    });
  }

  /** Maps latents [m] and a row of the code [S] to means [H * W * C]. */
  decode(latents, code) {
    const grid = dense(dense([...latents, ...code], this.hidden), this.grid);
    const line = 4 * this.channels;
    for (let row = 0; row < 4; row++) {
      const to = ((row + 1) * 6 + 1) * this.channels;
      this.bordered.set(grid.subarray(row * line, (row + 1) * line), to);
    }
    let x = this.bordered;
    for (const convolution of this.convolutions) x = convolution.apply(x);
    return x.map((logit) => 1 / (1 + Math.exp(-logit)));
  }
}
