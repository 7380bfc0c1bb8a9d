// The Markov chain, with what each link knows, and where an estimate breaks the data-processing inequality.

const ROUNDING = 0.005; // bits: what two numbers that are alike may differ by, as they are kept here

function drawChain() {
  const at = condition(), now = measuredNow(), network = toldNetwork();
  const names = ["X", ...layerNames(at.layers)];
  const chain = [["I_XT", at.H_X], ["I_TY", at.I_XY]].map(([name, limit]) => [
    limit, ...Array.from({ length: at.layers }, (_, layer) => along(quantity(name), network, layer)[now]),
  ]);
  let broken = 0;
  const rows = names.map((name, place) => {
    const header = html("th", { scope: "row" });
    if (place) header.append(html("span", { className: "arrow", "aria-hidden": "true" }, "↓"));
    header.append(name);
    const cells = chain.map((values, axis) => {
      const value = values[place], more = value - values[place - 1] > ROUNDING;
      broken += more;
      const fill = html("i");
      const most = Math.max(...values.filter(Number.isFinite));
      fill.style.width = `${(100 * Math.max(value, 0)) / most}%`;
      fill.style.background = place ? layerColor(place - 1) : "var(--soft)";
      const number = html("span", more ? { className: "broken", title: "more than the layer before" } : {}, shown(value, 2 + axis));
      if (more) number.append(html("span", { "aria-hidden": "true" }, " ▲"), html("span", { className: "hidden" }, ", more than the layer before"));
      const ticks = place && state.network === "all" ? networks().map((one) => along(quantity(["I_XT", "I_TY"][axis]), one, place - 1)[now]) : [];
      const marks = ticks.filter(Number.isFinite).map((value) => html("b", { style: `left: ${(100 * Math.max(value, 0)) / most}%` }));
      return html("td", {}, html("div", { className: "bar" }, html("span", { "aria-hidden": "true" }, fill, ...marks), number));
    });
    return html("tr", place - 1 === state.layer ? { "aria-current": "true" } : {}, header, ...cells);
  });
  document.getElementById("chain-rows").replaceChildren(...rows);
  document.getElementById("chain-note").textContent =
    `Epoch ${epochOfEstimator()}, ${networkName()}, by ${state.estimator}. ${state.network === "all" ? "Marks on a bar are its networks. " : ""}` + (broken
      ? `▲ marks ${broken === 1 ? "a number" : `${broken} numbers`} above the layer before. The truth cannot be; here the estimate errs.`
      : "Each number is at most the one above it, as the inequality asks.");
}
