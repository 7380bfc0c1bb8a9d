// All together: what is changed, what is drawn again, what is told.

const PLAY_MS = 140;
const $ = (id) => document.getElementById(id);
let player = null, telling = null, writing = null, drawing = 0;

/** Change the state, and draw what follows from it. */
function change(update) {
  const before = condition();
  Object.assign(state, { ...update });
  if (update.condition !== undefined && condition() !== before) {
    const epoch = before.epochs[update.time ?? state.time];
    if (update.time === undefined) state.time = nearest(condition().epochs, epoch);
  }
  Object.assign(state, allowed(state));
  draw();
}

async function draw() {
  const number = ++drawing;
  const found = await arraysOf(state.condition);
  if (number !== drawing) return; // something else is wanted by now
  arrays = found;
  drawChoices();
  drawGuide();
  drawPlane();
  drawCurves();
  drawParts();
  drawChain();
  drawBull();
  drawTime();
  clearTimeout(telling);
  clearTimeout(writing);
  if (player) return;
  telling = setTimeout(() => {
    const text = planeText();
    if ($("live").textContent !== text) $("live").textContent = text; // else it would be read out again
  }, 500);
  writing = setTimeout(() => history.replaceState(null, "", fragment()), 150);
}

/** The options of a list, made anew only where they are others: a screen reader would read out all that is made anew. */
function fill(select, options, chosen) {
  const same = select.length === options.length && options.every(([value, text], i) => select[i].value === value && select[i].text === text);
  if (!same) select.replaceChildren(...options.map(([value, text]) => html("option", { value, textContent: text })));
  if (select.value !== String(chosen)) select.value = String(chosen);
}

function drawChoices() {
  const at = condition();
  fill($("condition"), told.conditions.map((other, number) => [String(number), conditionName(other)]), state.condition);
  const each = at.replicates.map((replicate, place) => [String(place), `network ${replicate}`]);
  fill($("network"), [["mean", `mean of ${at.replicates.length} networks`], ["all", `all ${at.replicates.length} networks`], ...each], state.network);
  fill($("estimator"), Object.keys(at.estimators).map((name) => [name, name]), state.estimator);
  const { dataset, activation, batch_size } = at.settings;
  const few = measured().epochs.length < at.epochs.length ? `; ${state.estimator} is measured at ${measured().epochs.length} of ${at.epochs.length} epochs, the nearest is shown` : "";
  $("about").textContent = `${dataset}, ${activation}, ${batch_size === "full" ? "full batch" : `batches of ${batch_size}`}${few}.`;
  const options = layerNames(at.layers).map((name, layer) => {
    const dot = html("span", { className: "dot" });
    dot.style.background = layerColor(layer);
    return { content: [dot, name], label: layer === at.layers - 1 ? "output layer" : `layer ${layer + 1}` };
  });
  choice("layers", options, state.layer, (layer) => change({ layer }));
}

function drawGuide() {
  [...$("steps").querySelectorAll("button")].forEach((button, place) => {
    if (place === state.step - 1) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
    button.setAttribute("aria-label", `${place + 1}. ${button.textContent}`);
  });
  [...$("texts").children].forEach((text, place) => text.classList.toggle("current", place === state.step - 1));
  $("back").disabled = state.step === 1;
  $("next").disabled = state.step === STEPS;
  const at = condition(), name = layerNames(at.layers)[state.layer], now = measuredNow();
  const [about_x, about_y] = ["I_XT", "I_TY"].map((part) => along(quantity(part), toldNetwork(), state.layer)[now]);
  const [x, y] = [`${shown(about_x)} of ${shown(at.H_X)} bits about X`, `${shown(about_y, 3)} of ${shown(at.I_XY, 3)} bits about Y`];
  const said = { x, y, both: `${x}, ${y}` };
  for (const text of document.querySelectorAll("[data-now]")) text.textContent = `${name} at epoch ${epochOfEstimator()} knows ${said[text.dataset.now]}.`;
}

function drawTime() {
  const slider = $("time");
  slider.max = condition().epochs.length - 1;
  slider.value = state.time;
  slider.setAttribute("aria-valuetext", `epoch ${epochNow()}`);
  $("epoch").textContent = `epoch ${counted(epochNow())}`;
  $("play").firstElementChild.textContent = player ? "❚❚" : "▶";
  $("play-word").textContent = player ? "Pause" : "Play";
}

function pause() {
  clearInterval(player);
  player = null;
}

function play() {
  if (player) {
    pause();
    return draw();
  }
  const last = condition().epochs.length - 1;
  if (state.time === last) state.time = 0;
  player = setInterval(() => {
    if (state.time >= condition().epochs.length - 1) pause();
    change({ time: state.time + 1 });
  }, PLAY_MS);
  $("live").textContent = "Playing.";
  draw();
}

/** The next choice of networks, or the one before: their mean, all, and each. */
function stepNetwork(by) {
  const choices = ["mean", "all", ...condition().replicates.keys()];
  change({ network: choices[(choices.indexOf(state.network) + by + choices.length) % choices.length] });
}

const goTo = (section) => $(section)?.scrollIntoView({ block: "start" });

function listen() {
  $("condition").addEventListener("change", (event) => change({ condition: Number(event.target.value), section: "" }));
  $("estimator").addEventListener("change", (event) => change({ estimator: event.target.value }));
  $("network").addEventListener("change", ({ target: { value } }) => change({ network: value === "mean" || value === "all" ? value : Number(value) }));
  $("time").addEventListener("input", (event) => { pause(); change({ time: Number(event.target.value) }); });
  $("play").addEventListener("click", play);
  $("skip").addEventListener("click", (event) => { event.preventDefault(); $("network").focus(); });
  $("back").addEventListener("click", () => change({ step: state.step - 1 }));
  $("next").addEventListener("click", () => change({ step: state.step + 1 }));
  [...$("steps").querySelectorAll("button")].forEach((button, place) => button.addEventListener("click", () => change({ step: place + 1 })));
  draggable("plane", (left, top) => {
    const layer = layerAt(left, top);
    if (layer === null) return false;
    pause();
    change({ layer });
    return state.step >= 2;
  }, (left, top) => change({ time: timeAt(left, top) }));
  for (const id of ["error", "loss", "snr", "parts-chart"]) draggable(id, () => { pause(); return true; }, (left) => change({ time: timeIn(id, left) }));
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "n" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("select")) return stepNetwork(event.key === "n" ? 1 : -1);
    if (event.key !== " " || event.target.closest("button, select, input, a, summary")) return;
    event.preventDefault();
    play();
  });
  for (const link of document.querySelectorAll("[data-goto]")) {
    link.href = `#${link.dataset.goto}`;
    link.addEventListener("click", (event) => { event.preventDefault(); goTo(link.dataset.goto); });
  }
  for (const claim of told.claims) {
    const link = document.querySelector(`[data-claim="${claim.name}"]`), view = viewOf(claim);
    if (!view) {
      link.title = "none of its conditions is in this explorer";
      continue;
    }
    link.href = fragment(view);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.pushState(null, "", link.href);
      arrive(location.hash);
    });
  }
  for (const mark of document.querySelectorAll("[data-verdict]")) mark.style.setProperty("--mark", told.colors[mark.dataset.verdict]);
  addEventListener("hashchange", () => arrive(location.hash));
  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

/** Show what an address says. */
async function arrive(text) {
  pause();
  Object.assign(state, parsed(text));
  await draw();
  if (state.section) goTo(state.section);
  else if (text) $("plane-heading").scrollIntoView({ block: "center" });
}

Object.assign(state, allowed({ ...state, layer: Math.max(told.conditions[0].layers - 3, 0) }));
listen();
arrive(location.hash);
