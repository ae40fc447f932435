// The chart of two dimensions, a point an image.

const NAMED_COLORS = [ // Okabe & Ito's, then four more
  "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
  "#8a8f98", "#8c564b", "#7b5fc4", "#9aa81c",
];
const SCALE = [[59, 76, 192], [47, 168, 155], [232, 163, 61]]; // low to high
const MARGIN = { left: 34, right: 10, top: 10, bottom: 30 };

/** Returns what the menu's value names: values, and their names if any. */
function coloring(value) {
  const [kind, number] = value.split(" ");
  if (kind === "category") {
    const size = contents.categorySizes[number];
    return {
      values: contents.images.categories.map((row) => row[number]),
      size,
      names: Array.from({ length: size }, (_, k) => `c${k + 1}`),
    };
  }
  return kind === "factor" ? contents.factors[number] : null;
}

function colorOf({ size, names }, value) {
  if (names.length) {
    if (size <= NAMED_COLORS.length) return NAMED_COLORS[value];
    return `hsl(${(360 * value) / size} 60% 50%)`;
  }
  const at = ((SCALE.length - 1) * value) / Math.max(size - 1, 1);
  const k = Math.min(Math.floor(at), SCALE.length - 2);
  const mixed = SCALE[k].map((low, c) =>
    low + (at - k) * (SCALE[k + 1][c] - low));
  return `rgb(${mixed.map(Math.round).join(" ")})`;
}

/** Returns three to seven round numbers of a range. */
function ticks([low, high]) {
  const power = 10 ** Math.floor(Math.log10((high - low || 1) / 3));
  const step = power * [5, 2, 1].find((k) => (high - low) / (k * power) >= 3);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, k) =>
    Number(((first + k) * step).toPrecision(6)));
}

class Scatter {
  /** @param onChoose is called with the image of a chosen point. */
  constructor(onChoose) {
    this.svg = document.getElementById("scatter");
    this.menus = ["horizontal", "vertical", "color"].map((id) =>
      document.getElementById(id));
    this.onChoose = onChoose;
    this.points = [...Array(contents.images.numRandom).keys()];
    this.code = codeOf(0);
    for (const menu of this.menus)
      menu.addEventListener("change", () => this.draw());
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("keydown", (event) => this.keydown(event));
    this.draw();
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  get axes() {
    return this.menus.slice(0, 2).map((menu) => Number(menu.value));
  }

  /** Draws everything; points lie where their images' means are. */
  draw() {
    const { width, height } = this.svg.getBoundingClientRect();
    this.places = this.axes.map((dimension, k) => (k === 0
      ? this.place(dimension, MARGIN.left, width - MARGIN.right)
      : this.place(dimension, height - MARGIN.bottom, MARGIN.top)));
    this.svg.replaceChildren();
    this.drawAxes(width, height);
    const colors = coloring(this.menus[2].value);
    for (const image of this.points) {
      const [cx, cy] = this.position(codeOf(image).latents);
      const fill = colors
        ? colorOf(colors, colors.values[image])
        : "var(--mark)";
      const point = this.add("circle", { cx, cy, r: 4, fill });
      this.add("title", {}, describe(image), point);
    }
    this.ring = this.add("circle", { r: 8, class: "ring" });
    this.show(this.code);
    this.drawLegend(colors);
  }

  /** Returns the values of a dimension that the chart shows: all its points. */
  range(dimension) {
    const slider = contents.dimensions.find(({ column }) => column === dimension);
    const values = this.points.map((k) => codeOf(k).latents[dimension]);
    const low = Math.min(slider.low, ...values);
    const high = Math.max(slider.high, ...values);
    const border = 0.03 * (high - low);
    return [low - border, high + border];
  }

  /** Returns the map of a dimension's values to pixels from `low` to `high`. */
  place(dimension, low, high) {
    const [from, to] = this.range(dimension);
    return (value) => {
      const share = (value - from) / (to - from || 1);
      return low + Math.min(Math.max(share, 0), 1) * (high - low);
    };
  }

  position(latents) {
    return this.axes.map((dimension, k) => this.places[k](latents[dimension]));
  }

  drawAxes(width, height) {
    const bottom = height - MARGIN.bottom;
    const right = width - MARGIN.right;
    const frame = { x: MARGIN.left, y: MARGIN.top, class: "frame" };
    frame.width = Math.max(right - MARGIN.left, 0);
    frame.height = Math.max(bottom - MARGIN.top, 0);
    this.add("rect", frame);
    const [x, y] = this.places;
    for (const value of ticks(this.range(this.axes[0])))
      this.add("text", { x: x(value), y: bottom + 15 }, String(value));
    for (const value of ticks(this.range(this.axes[1])))
      this.add("text", { x: 18, y: y(value) + 4 }, String(value));
    const [horizontal, vertical] = this.axes.map((k) => `z${k + 1}`);
    const name = (x, y, text) =>
      this.add("text", { x, y, class: "name" }, text);
    name(right - 14, bottom - 8, horizontal);
    name(MARGIN.left + 14, MARGIN.top + 18, vertical);
  }

  drawLegend(colors) {
    const legend = document.getElementById("legend");
    legend.replaceChildren();
    if (!colors) return;
    const entry = (value, text) => {
      const chip = document.createElement("i");
      chip.className = "chip";
      chip.style.background = colorOf(colors, value);
      const item = document.createElement("span");
      item.append(chip, text);
      legend.append(item);
    };
    if (colors.names.length) colors.names.forEach((text, k) => entry(k, text));
    else for (const share of [0, 0.5, 1]) {
      const value = Math.round(share * (colors.size - 1));
      entry(value, `${colors.name} ${value}`);
    }
  }

  /** Puts the ring at a code. */
  show(code) {
    this.code = code;
    const [cx, cy] = this.position(code.latents);
    this.ring.setAttribute("cx", cx);
    this.ring.setAttribute("cy", cy);
  }

  /** Chooses the point next to a click. */
  click(event) {
    const box = this.svg.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const distance = (image) => {
      const [a, b] = this.position(codeOf(image).latents);
      return Math.hypot(a - x, b - y);
    };
    const nearest = this.points.reduce((a, b) =>
      (distance(b) < distance(a) ? b : a));
    if (distance(nearest) < 16) this.onChoose(nearest);
  }

  /** Chooses the next point to the left or right, or up or down. */
  keydown(event) {
    const moves = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowDown: [1, -1],
      ArrowUp: [1, 1],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [axis, direction] = moves[event.key];
    const dimension = this.axes[axis];
    const here = this.code.latents[dimension];
    const ahead = (image) =>
      direction * (codeOf(image).latents[dimension] - here);
    const points = this.points
      .filter((image) => ahead(image) > 0)
      .sort((a, b) => ahead(a) - ahead(b));
    if (points.length) this.onChoose(points[0]);
  }

  add(tag, attributes, text, parent = this.svg) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes))
      element.setAttribute(name, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  }
}
