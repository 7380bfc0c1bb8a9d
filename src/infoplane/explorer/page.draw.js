// Drawing: SVG elements, scales, axes, colours.

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with attributes and children. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An HTML element with properties (data and aria ones as attributes) and children. */
function html(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** The drawing in a box, made when it is first asked for, emptied, in its size now: {root, width, height}. */
function canvas(id, label) {
  const box = document.getElementById(id);
  const root = box.querySelector("svg") ?? box.appendChild(svg("svg", { role: "img" }));
  const { width, height } = box.getBoundingClientRect();
  root.setAttribute("viewBox", `0 0 ${width} ${height}`);
  root.setAttribute("aria-label", label);
  root.replaceChildren();
  return { root, width, height };
}

/** From a domain to pixels. */
function scale(from, to, start, end) {
  const place = (value) => start + ((value - from) / (to - from || 1)) * (end - start);
  place.inverse = (pixel) => from + ((pixel - start) / (end - start || 1)) * (to - from);
  return place;
}

/** Round numbers from 0 or below to `most`: about `count` of them. */
function ticks(least, most, count) {
  const rough = (most - least || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let value = Math.ceil(least / step) * step; value <= most + step / 1e6; value += step) found.push(Number(value.toPrecision(6)));
  return found;
}

/** Epochs to write at an axis: 0, 1, 10, 100, ... as far as there is room. */
function epochTicks(last) {
  const found = [0];
  for (let epoch = 1; epoch <= last; epoch *= 10) found.push(epoch);
  return found;
}

/** A line through points, in pieces where one is missing. */
function path(xs, ys, from = 0, to = Infinity) {
  let text = "", pen = "M";
  for (let i = Math.max(0, from); i < Math.min(xs.length, to + 1); i++) {
    if (!Number.isFinite(xs[i]) || !Number.isFinite(ys[i])) { pen = "M"; continue; }
    text += `${pen}${xs[i].toFixed(1)} ${ys[i].toFixed(1)}`;
    pen = "L";
  }
  return text;
}

const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A colour between two or more, at a share of the way. */
function between(colors, share) {
  const at = Math.min(Math.max(share, 0), 1) * (colors.length - 1);
  const low = Math.min(Math.floor(at), colors.length - 2);
  const parts = [colors[low], colors[low + 1]].map((color) => [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16)));
  return `rgb(${parts[0].map((part, i) => Math.round(part + (at - low) * (parts[1][i] - part))).join(" ")})`;
}

/** The colour of a layer: ordered by lightness, from the input's side to the output's. */
function layerColor(layer, number = condition().layers) {
  return between(styleOf("--ramp").split(",").map((color) => color.trim()), number > 1 ? layer / (number - 1) : 0);
}

/** Whatever is under the pointer while it is pressed in a box: `grab` says whether to begin, `move` follows. */
function draggable(id, grab, move) {
  const box = document.getElementById(id);
  let held = false;
  const place = (event) => {
    const { left, top } = box.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  box.addEventListener("pointerdown", (event) => {
    held = event.button === 0 && grab(...place(event));
    if (!held) return;
    box.setPointerCapture(event.pointerId);
    move(...place(event));
  });
  box.addEventListener("pointermove", (event) => held && move(...place(event)));
  for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => (held = false));
}

/** Buttons of which one is chosen, with arrow keys as radio buttons have: `options` are their contents and labels. They are
 * made anew only where labels or colours are others: a screen reader would read out all that is made anew. */
function choice(id, options, chosen, choose) {
  const box = document.getElementById(id);
  const look = [styleOf("--panel"), ...options.map(({ label }) => label)].join();
  if (box.dataset.look !== look) {
    box.dataset.look = look;
    box.replaceChildren(...options.map(({ content, label }, place) => {
      const button = html("button", { type: "button", role: "radio", "aria-label": label }, ...content);
      button.addEventListener("click", () => choose(place));
      return button;
    }));
  }
  [...box.children].forEach((button, place) => {
    button.setAttribute("aria-checked", place === chosen);
    button.tabIndex = place === chosen ? 0 : -1;
  });
  box.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    choose((chosen + by + options.length) % options.length);
  };
  if (box.contains(document.activeElement)) box.children[chosen].focus({ preventScroll: true });
}
