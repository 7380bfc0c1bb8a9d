// What is looked at. It is in the address behind the #, so that a view can be sent.

const STEPS = 6;
const SECTIONS = ["curves", "parts", "chain", "bull", "verdicts"];
// `time` is the number of the snapshot; `network` is "mean", "all" or a replicate's place; `input` a place too.
const state = { condition: 0, estimator: "", network: "mean", layer: 0, time: 0, step: 1, input: 0, section: "" };
let arrays = {};

const condition = () => told.conditions[state.condition];
const epochNow = () => condition().epochs[state.time];
const measured = () => condition().estimators[state.estimator];
const quantity = (name) => arrays[`${state.estimator}.${name}`];
const centre = () => condition().replicates.length; // the place of the centre among the replicates
/** The places of the networks that are shown; one for the centre. */
const networks = () =>
  state.network === "all" ? condition().replicates.map((_, place) => place)
    : [state.network === "mean" ? centre() : state.network];
/** The network whose numbers are told: of all, their centre. */
const toldNetwork = () => (state.network === "all" ? centre() : networks()[0]);
/** The place of the network whose cells are shown: cells of several have no mean, so of these the first. */
const followedNetwork = () => (typeof state.network === "number" ? state.network : 0);
/** The least and the most of the networks that are shown, in words; nothing for one alone. */
function amongNetworks(valueOf, digits) {
  const values = state.network === "all" ? networks().map(valueOf).filter(Number.isFinite) : [];
  return values.length > 1 ? ` (${shown(Math.min(...values), digits)} to ${shown(Math.max(...values), digits)})` : "";
}
/** The place among the epochs that the estimator measured, nearest to now. */
const measuredNow = () => nearest(measured().epochs, epochNow());

function networkName() {
  const { replicates } = condition();
  if (state.network === "all") return `all ${replicates.length} networks, in the mean`;
  return state.network === "mean" ? `mean of ${replicates.length} networks` : `network ${replicates[state.network]}`;
}

/** The state as the text behind the #. */
function fragment(of = state) {
  const at = told.conditions[of.condition];
  const entries = {
    condition: conditionName(at), networks: of.network === "mean" || of.network === "all" ? of.network : at.replicates[of.network],
    estimator: of.estimator, layer: of.layer + 1, epoch: at.epochs[of.time], step: of.step, input: at.inputs[of.input],
  };
  if (of.section) entries.section = of.section;
  return `#${new URLSearchParams(entries)}`;
}

/** The state that a fragment says; what it does not say, or says wrongly, is as it was or as nothing says. */
function parsed(text, before = state) {
  const said = new URLSearchParams(text.replace(/^#/, ""));
  const found = { ...before, section: SECTIONS.includes(said.get("section")) ? said.get("section") : "" };
  const named = told.conditions.findIndex((other) => conditionName(other) === said.get("condition"));
  if (named >= 0) found.condition = named;
  const at = told.conditions[found.condition];
  if (said.has("networks")) {
    const place = at.replicates.indexOf(Number(said.get("networks")));
    found.network = ["mean", "all"].includes(said.get("networks")) ? said.get("networks") : place >= 0 ? place : "mean";
  }
  if (said.has("estimator")) found.estimator = said.get("estimator");
  if (said.has("layer")) found.layer = Number(said.get("layer")) - 1;
  if (said.has("epoch")) found.time = nearest(at.epochs, Number(said.get("epoch")));
  if (said.has("step")) found.step = Number(said.get("step"));
  if (said.has("input")) found.input = Math.max(0, at.inputs.indexOf(Number(said.get("input"))));
  return allowed(found);
}

/** A state in which everything is there: as near as can be to one in which it may not be. */
function allowed(of) {
  const at = told.conditions[of.condition];
  const within = (value, most) => Math.min(Math.max(Math.trunc(value) || 0, 0), most);
  return {
    ...of,
    estimator: of.estimator in at.estimators ? of.estimator : Object.keys(at.estimators)[0],
    network: typeof of.network === "number" ? within(of.network, at.replicates.length - 1) : of.network,
    layer: within(of.layer, at.layers - 1), time: within(of.time, at.epochs.length - 1),
    step: within(of.step - 1, STEPS - 1) + 1, input: within(of.input, at.inputs.length - 1),
  };
}

/** The state in which a claim is seen: the last epoch of the first of its conditions here; null if there is none. */
function viewOf(claim) {
  const number = told.conditions.findIndex((other) => claim.experiments.includes(other.experiment));
  if (number < 0) return null;
  const at = told.conditions[number];
  const estimator = claim.estimators.find((name) => name in at.estimators) ?? state.estimator;
  const layer = Math.max(at.layers - 2, 0);
  return allowed({
    ...state, condition: number, estimator, layer, time: at.epochs.length - 1, step: STEPS, network: "mean",
    section: claim.shown_in,
  });
}
