// One input followed: plates of what each layer confuses with it.

/** Vertices of the icosahedron as seen: turned so that none hides another; z is towards the eye. */
const turned = told.vertices.map(([x, y, z]) => {
  const [a, b] = [0.95, 0.2];
  const [x1, z1] = [x * Math.cos(a) + z * Math.sin(a), z * Math.cos(a) - x * Math.sin(a)];
  return [x1, y * Math.cos(b) - z1 * Math.sin(b), y * Math.sin(b) + z1 * Math.cos(b)];
});

const bitColor = (share) => between([styleOf("--bit0"), styleOf("--unknown"), styleOf("--bit1")], share);

/** A pattern as a picture: features are from 0 (or -1) to 1, all NaN if nothing is known. */
function plate(pattern, label) {
  const root = svg("svg", { class: "plate", viewBox: "-1.3 -1.3 2.6 2.6", ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) });
  if (!Number.isFinite(pattern[0])) return root;
  const draw = { icosahedron: drawIcosahedron, image: drawImage, strip: drawStrip }[condition().drawn_as];
  draw(root, Array.from(pattern));
  return root;
}

function drawIcosahedron(root, pattern) {
  for (const [one, other] of told.edges) {
    const [[x1, y1, z1], [x2, y2, z2]] = [turned[one], turned[other]];
    root.append(svg("line", { x1, y1, x2, y2, stroke: "var(--soft)", "stroke-width": 0.025, opacity: z1 + z2 < 0 ? 0.25 : 0.7 }));
  }
  const order = [...turned.keys()].sort((one, other) => turned[one][2] - turned[other][2]);
  for (const i of order) {
    const [cx, cy, depth] = turned[i];
    root.append(svg("circle", { cx, cy, r: 0.19 + 0.05 * depth, fill: bitColor(pattern[i]), stroke: "var(--soft)", "stroke-width": 0.03 }));
  }
}

function drawImage(root, pattern) {
  const side = Math.sqrt(pattern.length), size = 2.4 / side;
  pattern.forEach((value, i) => {
    const color = between([styleOf("--panel"), styleOf("--ink")], value);
    root.append(svg("rect", { x: -1.2 + (i % side) * size, y: -1.2 + Math.floor(i / side) * size, width: size * 1.02, height: size * 1.02, fill: color }));
  });
  root.append(svg("rect", { x: -1.2, y: -1.2, width: 2.4, height: 2.4, fill: "none", stroke: "var(--line)", "stroke-width": 0.03 }));
}

function drawStrip(root, pattern) {
  const least = Math.min(0, ...pattern), size = 2.4 / pattern.length;
  pattern.forEach((value, i) => root.append(svg("rect", {
    x: -1.2 + i * size, y: -0.6, width: size * 0.94, height: 1.2, fill: bitColor((value - least) / (1 - least)), stroke: "var(--line)", "stroke-width": 0.015,
  })));
}

/** Between a title and what is below it, for who hears both in a row. */
const colon = () => html("span", { className: "hidden" }, ": ");

function drawBull() {
  const at = condition(), names = layerNames(at.layers);
  const now = nearest(at.followed, epochNow()), { shape } = arrays.pattern, network = followedNetwork();
  const chosen = along(arrays.chosen, state.input);
  const options = at.inputs.map((number, place) => ({
    content: [plate(along(arrays.chosen, place))], label: `input ${number}, of class ${at.likely[place]}`,
  }));
  choice("inputs", options, state.input, (input) => change({ input }));
  const told_first = html("li", {}, plate(chosen, "the input"), html("span", { className: "title" }, "X", colon()), `input ${at.inputs[state.input]}`, html("br"), `class ${at.likely[state.input]}`);
  const plates = names.map((name, layer) => {
    const pattern = Float64Array.from({ length: shape[3] }, (_, feature) => along(arrays.pattern, network, state.input, layer, feature)[now]);
    const [size, about_x, about_y] = ["cell_size", "followed_XT", "followed_TY"].map((part) => along(arrays[part], network, state.input, layer)[now]);
    const said = size === 1 ? "itself alone" : `${counted(size)} inputs`;
    return html("li", layer === state.layer ? { "aria-current": "true" } : {}, plate(pattern, `${name}: mean of ${said}`),
      html("span", { className: "title" }, name, colon()), said, html("br"), `${shown(about_x, 1)} bits`, html("br"), `of Y: ${shown(about_y)}`);
  });
  document.getElementById("plates").replaceChildren(told_first, ...plates);
  document.getElementById("bull-key").textContent = { image: "", strip: "Orange is the most, violet the least.", icosahedron: "Orange is a 1, violet a 0; in between, what differs." }[at.drawn_as];
  document.getElementById("bull-note").textContent = `Network ${at.replicates[network]}${state.network === network ? "" : ", the first, since cells of several have no mean"}; ` +
    `epoch ${counted(at.followed[now])}; in 30 bins for each unit, whatever the estimator. ` +
    "Bits: what the layer tells of the input, −log₂ of the share of inputs that it confuses with it; and of the label, when it sees this input.";
}
