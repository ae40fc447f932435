// Images of the sheet, decoded images, and what is known of them in words.

const contents = JSON.parse(document.getElementById("contents").textContent);
const [height, width, channels] = contents.imageShape;
const numDimensions = contents.dimensions.length;
const decoder = new Decoder(contents.layers);
const means = floats(contents.images.means);

/** Returns the code of an image of the page, by its number on the page. */
function codeOf(image) {
  const start = image * numDimensions;
  return {
    latents: means.slice(start, start + numDimensions),
    categories: [...contents.images.categories[image]],
  };
}

/** Decodes a code and draws it; returns the means. */
function draw(canvas, { latents, categories }) {
  const row = contents.categorySizes.flatMap((size, variable) =>
    Array.from({ length: size }, (_, k) => Number(k === categories[variable])));
  row.push(...new Array(contents.unusedCodes).fill(0));
  const pixels = decoder.decode(latents, row);
  const data = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const channel = channels === 1 ? 0 : c;
      data.data[4 * i + c] = 255 * pixels[channels * i + channel]; // rounds
    }
    data.data[4 * i + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(data, 0, 0);
  return pixels;
}

/** Makes an element show an image of the sheet. */
function showOriginal(cell, image) {
  const columns = contents.sheetColumns;
  const rows = Math.ceil(contents.images.indices.length / columns);
  const share = (k, count) => (count > 1 ? (100 * k) / (count - 1) : 0);
  const x = share(image % columns, columns);
  const y = share(Math.floor(image / columns), rows);
  cell.style.backgroundPosition = `${x}% ${y}%`;
}

/** Says what is known of an image: its number, factors, category and nats. */
function describe(image) {
  const { indices, categories, nats } = contents.images;
  const parts = contents.factors.map(({ name, values, names }) =>
    `${name} ${names.length ? names[values[image]] : values[image]}`);
  if (categories[image].length)
    parts.push(`category c${categories[image].map((k) => k + 1).join(".")}`);
  parts.push(`${nats[image].toFixed(1)} nats`);
  return `Image ${indices[image].toLocaleString("en")}: ${parts.join(", ")}`;
}

/** Returns a button that shows an image, and its reconstruction if wanted. */
function imageButton(image, hasReconstruction, onChoose) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "thumb";
  button.dataset.image = image;
  button.setAttribute("aria-label", describe(image));
  button.title = describe(image);
  const cell = document.createElement("i");
  cell.className = "cell";
  showOriginal(cell, image);
  button.append(cell);
  if (hasReconstruction) {
    const canvas = document.createElement("canvas");
    draw(canvas, codeOf(image));
    const nats = document.createElement("small");
    nats.textContent = `${contents.images.nats[image].toFixed(1)} nats`;
    button.append(canvas, nats);
  }
  button.addEventListener("click", () => onChoose(image));
  return button;
}
