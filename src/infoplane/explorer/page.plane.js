// The plane: a layer of a network is a point, its epochs are a path. And, before that, the network itself.

const MOST_UNITS = 12; // of a layer that are drawn
let planeNow = null; // how the plane is drawn, for the pointer

function drawPlane() {
  const names = layerNames(condition().layers);
  if (state.step === 1) return drawNetwork(names);
  const known = planeText();
  const { root, width, height } = canvas("plane", `Information plane. ${known}`);
  const { x, y } = axes(root, width, height);
  planeNow = { x, y };
  const all = state.step === STEPS;
  const layers = all ? names.map((_, layer) => layer) : [state.layer];
  const now = measuredNow();
  const many = networks().length > 1;
  for (const layer of state.step >= 5 ? layers : []) {
    for (const network of networks()) {
      const [xs, ys] = pathOf(network, layer, x, y);
      const look = { fill: "none", stroke: layerColor(layer), "stroke-width": many ? 0.8 : 2, "stroke-linejoin": "round" };
      root.append(svg("path", { ...look, d: path(xs, ys), opacity: many ? 0.15 : 0.25 }));
      root.append(svg("path", { ...look, d: path(xs, ys, 0, now), opacity: (many ? 0.75 : 0.95) * (all && layer !== state.layer ? 0.55 : 1) }));
    }
  }
  if (all) joinLayers(root, x, y, now);
  if (state.step <= 4) project(root, x, y, now);
  for (const layer of layers) for (const network of networks()) drawPoint(root, x, y, network, layer, now, many);
  if (all) nameLayers(root, names, x, y, now);
  document.getElementById("plane-hint").textContent = state.step < 4 ? "" : all
    ? "Click a point to pick its layer, then drag it along its path." : "Drag the point along its path, or use the slider.";
}

/** What the plane says, in words. */
function planeText() {
  const at = condition(), now = measuredNow();
  const [about_x, about_y] = [["I_XT", 2], ["I_TY", 3]].map(([name, digits]) => {
    const valueOf = (network) => along(quantity(name), network, state.layer)[now];
    return shown(valueOf(toldNetwork()), digits) + amongNetworks(valueOf, digits);
  });
  return `${layerNames(at.layers)[state.layer]}, ${networkName()}, epoch ${epochOfEstimator()}: ${about_x} of ${shown(at.H_X)} bits about X, ` +
    `${about_y} of ${shown(at.I_XY, 3)} bits about Y.`;
}

const epochOfEstimator = () => counted(measured().epochs[measuredNow()]);

function axes(root, width, height) {
  const edge = { left: 52, right: 18, top: 18, bottom: 46 };
  const { H_X, I_XY } = condition();
  const most = (name, limit) => quantity(name).values.reduce((found, value) => (value > found ? value : found), limit);
  const [most_x, most_y] = [most("I_XT", H_X), most("I_TY", I_XY)];
  const x = scale(0, most_x * 1.02, edge.left, width - edge.right);
  const y = scale(0, most_y * 1.04, height - edge.bottom, edge.top);
  for (const value of ticks(0, most_x, width < 500 ? 5 : 8)) {
    root.append(svg("line", { class: "grid", x1: x(value), x2: x(value), y1: y(0), y2: edge.top }));
    root.append(svg("text", { x: x(value), y: y(0) + 18, "text-anchor": "middle" }, shown(value, value % 1 ? 1 : 0)));
  }
  for (const value of ticks(0, most_y, 5)) {
    root.append(svg("line", { class: "grid", x1: x(0), x2: width - edge.right, y1: y(value), y2: y(value) }));
    root.append(svg("text", { x: x(0) - 8, y: y(value) + 4, "text-anchor": "end" }, shown(value, 1)));
  }
  root.append(svg("line", { class: "limit", x1: x(H_X), x2: x(H_X), y1: y(0), y2: edge.top }));
  root.append(svg("line", { class: "limit", x1: x(0), x2: width - edge.right, y1: y(I_XY), y2: y(I_XY) }));
  root.append(svg("text", { x: x(H_X) - 4, y: y(0) - 6, "text-anchor": "end" }, "H(X)"));
  root.append(svg("text", { x: x(0) + 6, y: y(I_XY) - 5 }, "I(X;Y)"));
  const middle = (y(0) + edge.top) / 2;
  root.append(svg("text", { x: (edge.left + width - edge.right) / 2, y: height - 8, "text-anchor": "middle" }, "what it knows about X: I(X;T) [bits]"));
  root.append(svg("text", { transform: `translate(13 ${middle}) rotate(-90)`, "text-anchor": "middle" }, "about Y: I(T;Y) [bits]"));
  return { x, y };
}

/** The path of a layer of a network, in pixels, by the epochs that are measured. */
function pathOf(network, layer, x, y) {
  return [[quantity("I_XT"), x], [quantity("I_TY"), y]].map(([values, place]) => Array.from(along(values, network, layer), place));
}

function drawPoint(root, x, y, network, layer, now, many) {
  const [xs, ys] = pathOf(network, layer, x, y);
  if (!Number.isFinite(xs[now]) || !Number.isFinite(ys[now])) return;
  const chosen = layer === state.layer;
  const radius = many ? (chosen ? 5 : 3.5) : chosen ? 9 : 6;
  root.append(svg("circle", {
    class: "clickable", cx: xs[now], cy: state.step === 2 ? y(0) : ys[now], r: radius, fill: layerColor(layer),
    stroke: chosen ? "var(--ink)" : "var(--panel)", "stroke-width": chosen && !many ? 2 : 1,
  }));
}

/** From the point of the layer to the axes, with its numbers there. */
function project(root, x, y, now) {
  const [value_x, value_y] = ["I_XT", "I_TY"].map((name) => along(quantity(name), toldNetwork(), state.layer)[now]);
  if (!Number.isFinite(value_x) || !Number.isFinite(value_y)) return;
  const color = layerColor(state.layer);
  const bar = (attributes) => root.append(svg("line", { stroke: color, "stroke-linecap": "round", ...attributes }));
  const above = state.step === 2 ? y(0) : y(value_y);
  bar({ x1: x(0), x2: x(value_x), y1: y(0), y2: y(0), "stroke-width": 5 });
  const near = x(value_x) < x(0) + 80; // too near to the axis for a text at its left
  root.append(svg("text", { class: "name", x: x(value_x) + (near ? 12 : -12), y: y(0) - 12, "text-anchor": near ? "start" : "end" }, `${shown(value_x)} bits`));
  if (state.step === 2) return;
  bar({ x1: x(0), x2: x(0), y1: y(0), y2: above, "stroke-width": 5 });
  bar({ x1: x(value_x), x2: x(value_x), y1: y(0), y2: above, "stroke-dasharray": "3 5" });
  bar({ x1: x(0), x2: x(value_x), y1: above, y2: above, "stroke-dasharray": "3 5" });
  root.append(svg("text", { class: "name", x: x(0) + 10, y: above - 8 }, `${shown(value_y, 3)} bits`));
}

/** A thin line through the layers of each network. */
function joinLayers(root, x, y, now) {
  for (const network of networks()) {
    const points = Array.from({ length: condition().layers }, (_, layer) => pathOf(network, layer, x, y).map((way) => way[now]));
    const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
    root.append(svg("path", { d: path(xs, ys), fill: "none", stroke: "var(--soft)", "stroke-width": 0.9, opacity: networks().length > 1 ? 0.25 : 0.8 }));
  }
}

/** Names beside the points of the told network, lower where they would cover each other. */
function nameLayers(root, names, x, y, now) {
  const placed = [];
  for (const layer of names.keys()) {
    const [px, py] = pathOf(toldNetwork(), layer, x, y).map((way) => way[now]);
    if (!Number.isFinite(px) || !Number.isFinite(py)) continue;
    let below = py - 13;
    const crossed = () => placed.some(([ox, oy]) => Math.abs(ox - px) < 22 && Math.abs(oy - below) < 14);
    for (let tries = 0; crossed() && tries < 9; tries++) below = tries ? below + 14 : py + 24;
    placed.push([px, below]);
    root.append(svg("text", { class: "name", x: px, y: below, "text-anchor": "middle" }, names[layer]));
  }
}

/** The layer whose point is nearest to a place, if one is near. */
function layerAt(left, top) {
  if (state.step === 1 || !planeNow) return null;
  const layers = state.step === STEPS ? [...Array(condition().layers).keys()] : [state.layer];
  const now = measuredNow();
  const away = layers.flatMap((layer) => networks().map((network) => {
    const [xs, ys] = pathOf(network, layer, planeNow.x, planeNow.y);
    return { layer, distance: Math.hypot(xs[now] - left, (state.step === 2 ? planeNow.y(0) : ys[now]) - top) };
  }));
  const best = away.reduce((one, other) => (other.distance < one.distance ? other : one));
  return best.distance < 32 ? best.layer : null;
}

/** The snapshot at which the layer's path is nearest to a place; of some that are as near, the one nearest in time. */
function timeAt(left, top) {
  const [xs, ys] = pathOf(toldNetwork(), state.layer, planeNow.x, planeNow.y);
  const now = measuredNow();
  const away = (i) => (state.step === 2 ? Math.abs(xs[i] - left) : Math.hypot(xs[i] - left, ys[i] - top)) + 1.5 * Math.abs(i - now);
  const best = xs.reduce((one, _, i) => (away(i) < away(one) ? i : one), now);
  return nearest(condition().epochs, measured().epochs[best]);
}

/** The network, a column of units for each layer: click one to pick it. */
function drawNetwork(names) {
  const { root, width, height } = canvas("plane", `The network: ${["X", ...names].join(", ")}; ${names[state.layer]} is picked.`);
  planeNow = null;
  const features = arrays.chosen.shape[1];
  const { hidden } = condition().settings;
  const units = [features, ...hidden, ...(hidden.length < names.length ? [null] : [])];
  const columns = scale(0, names.length, 34, width - 34);
  const gap = Math.min((height - 90) / MOST_UNITS, 30);
  const rows = (count) => Array.from({ length: count }, (_, i) => height / 2 - 8 + (i - (count - 1) / 2) * gap);
  const places = units.map((count) => rows(Math.min(count ?? 1, MOST_UNITS)));
  places.slice(1).forEach((column, i) => column.forEach((bottom) => places[i].forEach((top) => root.append(svg("line", {
    x1: columns(i), x2: columns(i + 1), y1: top, y2: bottom, stroke: "var(--line)", "stroke-width": 0.6,
  })))));
  places.forEach((column, i) => {
    const layer = i - 1, chosen = layer === state.layer;
    const group = svg("g", i ? { class: "clickable" } : {});
    if (chosen) group.append(svg("rect", {
      x: columns(i) - 15, width: 30, y: column[0] - 17, height: column.at(-1) - column[0] + 34, rx: 15,
      fill: layerColor(layer), opacity: 0.22,
    }));
    for (const top of column) group.append(svg("circle", { cx: columns(i), cy: top, r: Math.min(gap * 0.34, 8), fill: i ? layerColor(layer) : "var(--soft)", stroke: "var(--panel)" }));
    group.append(svg("text", { class: "name", x: columns(i), y: height - 26, "text-anchor": "middle" }, i ? names[layer] : "X"));
    if (units[i]) group.append(svg("text", { x: columns(i), y: height - 9, "text-anchor": "middle" }, units[i]));
    group.append(svg("rect", { x: columns(i) - 18, width: 36, y: 0, height, fill: "transparent" }));
    if (i) group.addEventListener("click", () => change({ layer }));
    root.append(group);
  });
  document.getElementById("plane-hint").textContent = "Columns are layers, with the number of their units; the first is the input.";
}
