"use strict";
// The numbers: what explorer/packing.py packed, read again. A condition is read when it is first shown.

const told = JSON.parse(document.getElementById("data").textContent);
const MISSING = -(2 ** 30);
const read = new Map();

/** The arrays of a condition by name: {shape, values}, NaN where there is none. */
function arraysOf(number) {
  if (!read.has(number)) read.set(number, unpack(told.conditions[number]));
  return read.get(number);
}

async function unpack({ shapes, steps, data }) {
  const packed = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const arrays = {};
  let place = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const values = new Float64Array(shape.reduce((size, length) => size * length, 1));
    let whole = 0;
    for (let i = 0; i < values.length; i++) {
      let code = 0, scale = 1, byte;
      do {
        byte = bytes[place++];
        code += (byte & 127) * scale;
        scale *= 128;
      } while (byte & 128);
      whole += code % 2 ? -(code + 1) / 2 : code / 2;
      values[i] = whole === MISSING ? NaN : whole * steps[name];
    }
    arrays[name] = { shape, values };
  }
  return arrays;
}

/** The numbers along the last axis of an array, at a place along the others. */
function along({ shape, values }, ...at) {
  const length = shape[shape.length - 1];
  const start = at.reduce((sum, index, axis) => sum * shape[axis] + index, 0) * length;
  return values.subarray(start, start + length);
}

/** The index of the epoch in a rising list that is nearest to one, as epochs are spaced. */
function nearest(epochs, epoch) {
  const away = (other) => Math.abs(Math.log1p(other) - Math.log1p(epoch));
  return epochs.reduce((best, other, index) => (away(other) < away(epochs[best]) ? index : best), 0);
}

/** A number for people. */
function shown(value, digits = 2) {
  return Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "–";
}

/** A whole number for people. */
function counted(value) {
  return Number.isFinite(value) ? value.toLocaleString("en") : "–";
}

/** The names of the layers: T₁, T₂, ..., and Ŷ for the output. */
function layerNames(number) {
  const below = (digits) => [...String(digits)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("");
  return Array.from({ length: number }, (_, layer) => (layer === number - 1 ? "Ŷ" : `T${below(layer + 1)}`));
}

/** What a condition is called. */
function conditionName({ experiment, name }) {
  return name ? `${experiment}: ${name}` : experiment;
}
