// What the controls, the images and the chart do: all of them set one code.

const find = (id) => document.getElementById(id);
const sliders = [...document.querySelectorAll("input[data-dimension]")];
const choices = [...document.querySelectorAll("input[data-variable]")];

let code; // latents and categories of the decoded picture
let image = null; // whose code was chosen last, and may have been changed since
let isDue = false; // whether the picture will be drawn before the next frame

const scatter = new Scatter(chooseImage);

function chooseImage(chosen) {
  image = chosen;
  setCode(codeOf(chosen), describe(chosen));
}

/** Makes everything on the page agree with a code, and says what it is. */
function setCode(newCode, text) {
  code = newCode;
  find("status").textContent = text;
  find("original").classList.toggle("absent", image === null);
  if (image !== null) showOriginal(find("original").firstElementChild, image);
  for (const slider of sliders) {
    const value = code.latents[slider.dataset.dimension];
    slider.value = value; // at an end, if the value is beyond it
    const valueText = value.toFixed(2).replace("-", "\u2212");
    slider.setAttribute("aria-valuetext", valueText);
    slider.nextElementSibling.textContent = valueText;
  }
  for (const choice of choices) {
    const category = code.categories[choice.dataset.variable];
    choice.checked = category === Number(choice.value);
  }
  for (const thumb of document.querySelectorAll(".thumb"))
    thumb.classList.toggle("chosen", Number(thumb.dataset.image) === image);
  scatter.show(code);
  if (!isDue) requestAnimationFrame(drawPicture);
  isDue = true;
}

function drawPicture() {
  isDue = false;
  const started = performance.now();
  draw(find("picture"), code);
  const milliseconds = performance.now() - started;
  find("speed").textContent = `Decoded here in ${milliseconds.toFixed(1)} ms`;
}

/** Changes a part of the code by a control. */
function change(part, index, value) {
  code[part][index] = value;
  const { indices } = contents.images;
  const start = image === null ? "" : ` from image ${indices[image]}`;
  setCode(code, `Changed${start}`);
}

/** Sets a code that is of no image. */
function setOwnCode(ownCode, text) {
  image = null;
  setCode(ownCode, text);
}

/** Draws a code from the prior: standard normal, and uniform categories. */
function randomCode() {
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random()))
    * Math.cos(2 * Math.PI * Math.random());
  const uniform = (size) => Math.floor(size * Math.random());
  return {
    latents: Float32Array.from({ length: numDimensions }, normal),
    categories: contents.categorySizes.map(uniform),
  };
}

/** Returns the milliseconds in which pictures of random codes are drawn. */
function measure(count) {
  const times = Float64Array.from({ length: count }, () => {
    const randomly = randomCode();
    const started = performance.now();
    draw(find("picture"), randomly);
    return performance.now() - started;
  }).sort();
  const picturesPerSecond = (1000 * count) / times.reduce((a, b) => a + b);
  return { least: times[0], median: times[count >> 1], picturesPerSecond };
}

for (const slider of sliders)
  slider.addEventListener("input", () =>
    change("latents", slider.dataset.dimension, Number(slider.value)));
for (const choice of choices)
  choice.addEventListener("change", () =>
    change("categories", choice.dataset.variable, Number(choice.value)));
find("random").addEventListener("click", () =>
  setOwnCode(randomCode(), "A random code, drawn from the prior"));
find("origin").addEventListener("click", () => {
  const latents = new Float32Array(numDimensions);
  setOwnCode({ ...code, latents }, "All dimensions at 0");
});

const { numRandom } = contents.images;
const { numThumbs, numExtremes } = contents;
for (const [id, first, count, isPair] of [
  ["thumbs", 0, numThumbs, false],
  ["worst", numRandom, numExtremes, true],
  ["best", numRandom + numExtremes, numExtremes, true],
])
  for (let k = first; k < first + count; k++)
    find(id).append(imageButton(k, isPair, chooseImage));

chooseImage(0);
// For the browser's console, as in explorer.measure(200).
window.explorer = { setCode, measure };
