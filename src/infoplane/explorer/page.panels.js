// Beside the plane: curves over the epochs with a line at this one, and the two parts of I(X;T).

const EDGE = { left: 40, right: 10, top: 10, bottom: 26 };
const charts = {}; // by id, the scale of the epochs, for the pointer

/** A chart over the epochs: `series` have epochs, values, color, width, opacity and perhaps dash; `marks` are [value, text]. */
function chart(id, label, series, { y, marks, areas = [], rule = null }) {
  const { root, width, height } = canvas(id, label);
  const { epochs } = condition();
  const place = scale(0, Math.log1p(epochs.at(-1)), EDGE.left, width - EDGE.right);
  const x = (epoch) => place(Math.log1p(epoch));
  const up = scale(...y, height - EDGE.bottom, EDGE.top);
  charts[id] = place;
  for (const [value, text] of marks) {
    root.append(svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: up(value), y2: up(value) }));
    root.append(svg("text", { x: EDGE.left - 6, y: up(value) + 4, "text-anchor": "end" }, text));
  }
  for (const epoch of epochTicks(epochs.at(-1))) {
    root.append(svg("text", { x: x(epoch), y: height - 6, "text-anchor": "middle" }, counted(epoch)));
  }
  for (const { epochs: at, low, high, color } of areas) {
    const there = Array.from(at.keys()).filter((i) => Number.isFinite(low[i]) && Number.isFinite(high[i]));
    const edge = (ends, order) => order.map((i) => `${x(at[i]).toFixed(1)} ${up(ends[i]).toFixed(1)}`);
    const outline = [...edge(high, there), ...edge(low, [...there].reverse())];
    if (outline.length) root.append(svg("path", { d: `M${outline.join("L")}Z`, fill: color, stroke: "var(--panel)" }));
  }
  if (rule !== null) root.append(svg("line", { class: "limit", x1: EDGE.left, x2: width - EDGE.right, y1: up(rule), y2: up(rule) }));
  for (const { epochs: at, values, color, width: thick, opacity, dash } of series) {
    root.append(svg("path", {
      d: path(Array.from(at, x), Array.from(values, up)), fill: "none", stroke: color, "stroke-width": thick, opacity,
      "stroke-dasharray": dash ?? "none", "stroke-linejoin": "round",
    }));
  }
  const now = x(epochNow());
  root.append(svg("line", { class: "cursor", x1: now, x2: now, y1: EDGE.top, y2: height - EDGE.bottom }));
  root.append(svg("circle", { cx: now, cy: EDGE.top, r: 4.5, fill: "var(--text)" }));
}

/** The first and the last of some numbers over the epochs, in words; captions say what is now. */
const fromTo = (values, digits) => `from ${shown(values[0], digits)} to ${shown(values.at(-1), digits)}`;
const throughout = (epochs) => `epochs ${counted(epochs[0])} to ${counted(epochs.at(-1))}`;

/** A caption of words and of keys to the lines: pieces are texts or [class, colour]. */
function caption(id, ...pieces) {
  document.getElementById(id).replaceChildren(...pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    const key = html("span", { className: `key ${piece[0]}` });
    key.style.color = piece[1];
    return key;
  }));
}

function drawCurves() {
  for (const [name, digits, units] of [["error", 3, ""], ["loss", 3, " nats"]]) {
    const sets = [["train", "var(--train)", undefined], ["test", "var(--test)", "5 3"]];
    const { epochs } = condition();
    const series = sets.flatMap(([set, color, dash]) => networks().map((network) => ({
      epochs, values: along(arrays[`${set}_${name}`], network), color, dash,
      width: networks().length > 1 ? 0.9 : 2, opacity: networks().length > 1 ? 0.55 : 1,
    })));
    const most = Math.max(0.01, ...series.flatMap(({ values }) => Array.from(values).filter(Number.isFinite)));
    const [train, test] = sets.map(([set]) => {
      const valueOf = (network) => along(arrays[`${set}_${name}`], network)[state.time];
      return shown(valueOf(toldNetwork()), digits) + amongNetworks(valueOf, digits);
    });
    const title = name === "error" ? "Error" : "Cross-entropy";
    caption(`${name}-caption`, `${title}: `, ["", "var(--train)"], `training ${train}${units}, `, ["dashed", "var(--test)"], `held out ${test}${units}`);
    const [trained, held] = sets.map(([set]) => fromTo(along(arrays[`${set}_${name}`], toldNetwork()), digits));
    chart(name, `${title}, ${networkName()}, ${throughout(epochs)}: training ${trained}, held out ${held}.`, series, {
      y: [0, most * 1.05], marks: ticks(0, most, 4).map((value) => [value, String(value).replace(/^0\./, ".")]),
    });
  }
  drawSNR();
}

function drawSNR() {
  const { epochs, layers } = condition();
  const name = layerNames(layers)[state.layer];
  const others = state.network === "all" ? [] : [...Array(layers).keys()].filter((layer) => layer !== state.layer);
  const line = (network, layer, chosen) => ({
    epochs, values: along(arrays.snr, network, layer), color: layerColor(layer), opacity: chosen ? 1 : 0.35,
    width: chosen && networks().length === 1 ? 2.4 : 1,
  });
  const series = [
    ...others.flatMap((layer) => networks().map((network) => line(network, layer, false))),
    ...networks().map((network) => line(network, state.layer, true)),
  ];
  const values = series.flatMap((one) => Array.from(one.values).filter(Number.isFinite));
  const now = 10 ** along(arrays.snr, toldNetwork(), state.layer)[state.time];
  if (!values.length) {
    caption("snr-caption", "Gradient SNR: none, since a full batch has no deviation");
    return chart("snr", "No gradient SNR.", [], { y: [0, 1], marks: [] });
  }
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const powers = Array.from({ length: Math.floor(most) - Math.ceil(least) + 1 }, (_, i) => Math.ceil(least) + i);
  const told = Number.isFinite(now) ? `${now.toPrecision(2)}: ${now >= 1 ? "drift" : "diffusion"}` : "none";
  caption("snr-caption", "Gradient SNR, ", ["", layerColor(state.layer)], `${name}${toldNetwork() === centre() ? ", median" : ""} ${told}`);
  const way = fromTo(along(arrays.snr, toldNetwork(), state.layer).map((power) => 10 ** power), 2);
  chart("snr", `Gradient signal to noise of ${name}, ${networkName()}, ${throughout(epochs)}: ${way}.`, series, {
    y: [least - 0.1, most + 0.1], marks: powers.map((power) => [power, power < 0 ? String(10 ** power).replace(/^0/, "") : String(10 ** power)]), rule: 0,
  });
}

function drawParts() {
  const at = condition(), name = layerNames(at.layers)[state.layer];
  const text = document.getElementById("parts-text");
  document.getElementById("parts-chart").hidden = !quantity("I_XT_given_S");
  if (!quantity("I_XT_given_S")) {
    text.textContent = `The estimator ${state.estimator} does not split I(X;T); one with cells, such as bins, does.`;
    return caption("parts-caption", "");
  }
  text.textContent = `The label depends on the input through one of ${counted(at.classes)} classes S alone. So what a layer knows is exactly ` +
    "I(S;T), of the class, plus I(X;T|S), which no label can ever need.";
  const { epochs } = measured(), now = measuredNow(), many = networks().length > 1;
  const parts = (network) => ["I_XT", "I_ST", "I_XT_given_S"].map((part) => along(quantity(part), network, state.layer));
  const [whole, of_class, rest] = parts(toldNetwork());
  const nothing = new Float64Array(epochs.length);
  caption("parts-caption", `${name}, ${networkName()}: ${shown(whole[now])} bits = `,
    ["area", "var(--class)"], `${shown(of_class[now])} of the class + `, ["area", "var(--rest)"], `${shown(rest[now])} of the rest`,
    ...(many ? ["; lines: where both parts end in each network"] : []));
  const line = (values) => ({ epochs, values, color: "var(--ink)", width: 0.8, opacity: 0.6 });
  const series = many ? networks().flatMap((network) => parts(network).slice(0, 2).map(line)) : [];
  const most = Math.max(0.1, ...[whole, ...series.map(({ values }) => values)].flatMap((values) => Array.from(values).filter(Number.isFinite)));
  chart("parts-chart", `${name}, ${networkName()}, ${throughout(epochs)}: of the class ${fromTo(of_class, 2)} bits, of the rest ${fromTo(rest, 2)}.`, series, {
    y: [0, most * 1.05], marks: ticks(0, most, 5).map((value) => [value, String(value)]),
    areas: [
      { epochs, low: nothing, high: of_class, color: "var(--class)" },
      { epochs, low: of_class, high: whole, color: "var(--rest)" },
    ],
  });
}

/** The snapshot at a place in a chart. */
function timeIn(id, left) {
  return nearest(condition().epochs, Math.max(0, Math.expm1(charts[id].inverse(left))));
}
