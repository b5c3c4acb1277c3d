// page.js: what penstock says of itself, live. The words of the verdict are those of /readyz.
import { Board, quantile, sum } from "./plots.js";
import { heldOffset, partitionTable, placeOf, problemTable, routeTable, sinkTable } from "./tables.js";
import { at, count, h, join, known, plural, round, setData, setText, short, size, time } from "./words.js";

const HISTORY = 900, SHOWN = 50, PROBLEMS = 20, SILENCE_MS = 8000, RECENT_MS = 5 * 60000, TOLD_MS = 20000;
const $ = id => document.getElementById(id);
const place = id => document.querySelector(`[aria-labelledby=${id}].scroll`);

const state = { history: null, status: null, routes: [], partitions: [], sinks: [], problems: [], heard: null, away: null, refused: null, whole: false };
const rates = new Map(); // by the name of a route or sink: its last total, and the rates behind it

// --- asking --------------------------------------------------------------------------------------

const token = () => sessionStorage.getItem("token");
const headers = () => token() ? { Authorization: "Bearer " + token() } : {};

async function ask(path, { method, signal, body } = {}) {
  const type = body ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(path, { method, signal, body, headers: { ...headers(), ...type }, cache: "no-store" });
  if (!answer.ok) throw Object.assign(new Error((await answer.json().catch(() => ({}))).message ?? `${path}: ${answer.status}`), { status: answer.status });
  return answer;
}

// Ends what it was made for if nobody calls hears() for a while: a process that hangs ends nothing by itself.
function patience() {
  const end = new AbortController();
  let timer;
  const hears = () => { clearTimeout(timer); timer = setTimeout(() => end.abort(), SILENCE_MS); };
  hears();
  return { signal: end.signal, hears, over: () => clearTimeout(timer) };
}

// Server-sent events by fetch(): EventSource cannot send a token.
async function listen(path, { signal, hears }, heard) {
  const reader = (await ask(path, { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    hears();
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
      if (name) heard(name, JSON.parse(data));
    }
  }
}

// --- live ----------------------------------------------------------------------------------------

function addSample(sample) {
  const { history } = state;
  if (!sample.time || sample.time === history.time[history.time.length - 1]) return;
  for (const [name, list] of Object.entries(history))
    if (name in sample) {
      list.push(sample[name]);
      if (list.length > HISTORY) list.shift();
    }
}

// What grew since the last time, and the rates of the last two minutes.
function addRates(name, of) {
  const now = state.status?.time_ms ?? 0; // penstock's own clock, of the same moment
  for (const one of state[name]) {
    const key = `${name} ${one.name}`, last = rates.get(key), total = of(one);
    const grown = last && total >= last.total && now > last.now ? (total - last.total) / (now - last.now) * 1000 : NaN;
    const history = known(grown) ? [...last.history, grown].slice(-120) : last?.history ?? [];
    rates.set(key, { total, now, history });
    Object.assign(one, { rate: grown, rates: history });
  }
}

function heard(name, data) {
  if (name === "sample") addSample(data);
  else if (name === "status") state.status = data;
  else if (name in state) state[name] = data[name];
  if (name === "partitions") state.partitions = state.partitions.filter(one => one.assigned);
  if (name === "routes") addRates(name, route => route.records.written);
  if (name === "sinks") addRates(name, sink => sink.commands.ok);
  state.away = null;
  state.heard = Date.now();
  schedule();
}

// The history of a process that is new begins anew: what was seen before stays.
function joined(history) {
  const before = state.history?.time.findIndex(ms => ms >= (history.time[0] ?? Infinity)) ?? 0;
  const kept = before < 0 ? state.history.time.length : before;
  for (const name of kept ? Object.keys(history).filter(name => name !== "latency_bounds_seconds") : [])
    history[name] = [...state.history[name].slice(0, kept), ...history[name]].slice(-HISTORY);
  return history;
}

async function live() {
  for (let wait = 500; ; wait = Math.min(5000, wait * 2)) {
    const patient = patience();
    try {
      const history = await (await ask("api/v1/history", patient)).json();
      state.history = Object.assign(state.history ?? {}, joined(history));
      board ??= new Board($("plots"), state.history);
      wait = 500;
      await listen("api/v1/events", patient, heard);
    } catch (error) {
      state.refused = [401, 403].includes(error.status) ? error.message : null;
    }
    patient.over();
    state.away ??= state.heard ?? Date.now();
    schedule();
    await new Promise(resolve => setTimeout(resolve, wait));
  }
}

// --- the verdict ---------------------------------------------------------------------------------

// [tone, sentence, reasons]
function verdict() {
  const { status, history } = state;
  if (state.refused) return ["warn", "This page needs the token.", [state.refused]];
  if (state.away) return ["bad", `penstock has not answered since ${at(state.away)}.`, ["Below is what was known then."]];
  if (!status) return ["wait", "Asking penstock how it is", []];
  if (!status.ready) {
    const { reasons } = status;
    return reasons.length === 1 ? ["bad", `Not ready: ${reasons[0]}`, []] : ["bad", `Not ready, for ${plural(reasons.length, "reason")}.`, reasons];
  }
  if (!status.startup_over) return ["warn", `Warming up: ${warming(status.startup)}`, []];
  if (status.paused) return ["warn", `${plural(status.paused, "partition is", "partitions are")} paused; everything else is well.`, []];
  const failed = state.problems.filter(one => one.kind !== "held" && one.time_ms > status.time_ms - RECENT_MS);
  const records = failed.reduce((sum, one) => sum + one.count, 0);
  if (records) return ["warn", `${plural(records, "record")} could not be delivered in the last five minutes.`, [`The newest: ${placeOf(failed[0])}: ${failed[0].reason}`]];
  const behind = history?.lag_seconds[history.lag_seconds.length - 1];
  if (behind > 30) return ["warn", `Ready, and catching up: ${join(time(behind))} behind.`, []];
  return ["well", "All is well: Redis has what Kafka has.", []];
}

function warming({ records, remaining, cold, partitions }) {
  const percent = records ? Math.floor((records - remaining) / records * 100) : 0;
  return `${count(records - remaining)} of ${plural(records, "record")}, ${percent} %; ${cold} of ${plural(partitions, "partition is", "partitions are")} not warm.`;
}

function showVerdict() {
  const [tone, sentence, reasons] = verdict(), section = $("verdict"), list = $("reasons");
  if (section.dataset.state !== tone) setText($("said"), sentence);
  setData(section, "state", tone);
  setText(section.querySelector("h1"), sentence);
  setText($("more"), more());
  while (list.children.length > reasons.length) list.lastChild.remove();
  reasons.forEach((reason, i) => setText(list.children[i] ?? list.appendChild(h("li")), reason));
  document.title = (tone === "well" ? "" : tone === "wait" ? "… " : "! ") + "penstock";
  const away = state.away || state.refused;
  setData($("live"), "state", away ? "away" : state.status ? "live" : "wait");
  setText($("live"), away ? "no connection" : state.status ? "live" : "connecting");
}

function more() {
  const { partitions, status } = state;
  if (!status || !partitions.length) return "";
  const topics = new Set(partitions.map(one => one.topic)).size;
  return `${plural(partitions.length, "partition")} of ${plural(topics, "topic")}, ${plural(state.routes.length, "route")}, ${plural(state.sinks.length, "sink")}.`;
}

// --- tiles ---------------------------------------------------------------------------------------

const newest = name => { const list = state.history?.[name] ?? []; return list[list.length - 1]; };
const most = name => Math.max(...(state.history?.[name] ?? []).filter(known));
const latency = share => {
  const { history } = state;
  return history ? quantile(share, sum(history.latency.slice(-10)), history.latency_bounds_seconds) : NaN;
};
const peak = (name, write) => known(most(name)) ? "peak " + join(write(most(name))) : "";

const tiles = [
  ["Records a second", () => short(newest("records_per_second")), () => peak("records_per_second", short)],
  ["Lag", () => short(newest("lag_records")), () => peak("lag_records", short)],
  ["Behind", () => time(newest("lag_seconds")), () => peak("lag_seconds", time)],
  ["Latency p50", () => time(latency(.5)), () => "Kafka to Redis"],
  ["Latency p99", () => time(latency(.99)), () => "in ten seconds"],
  ["In flight", () => short(newest("inflight_records")), () => peak("inflight_records", short)],
  ["Redis answers in", () => time(newest("redis_seconds")), () => peak("redis_seconds", time)],
  ["CPU", () => [known(newest("cpu_cores")) ? (newest("cpu_cores") * 100).toFixed(newest("cpu_cores") < .1 ? 1 : 0) : "–", "%"], () => "of one core"],
  ["Memory", () => size(newest("resident_bytes")), () => peak("resident_bytes", size)],
].map(([name, value, note]) => {
  const tile = { value, note, text: h("span"), unit: h("small"), more: h("dd.note") };
  $("tiles").append(h("div", {}, h("dt", {}, name), h("dd.value", {}, tile.text, tile.unit), tile.more));
  return tile;
});

function showTiles() {
  for (const tile of tiles) {
    const [text, unit] = tile.value();
    setText(tile.text, text);
    setText(tile.unit, unit);
    setText(tile.more, tile.note());
  }
}

// --- tables --------------------------------------------------------------------------------------

// What came of a button, wherever on the page that is; for a while.
function tell(state, text) {
  setData($("outcome"), "state", state);
  setText($("outcome"), text);
  clearTimeout(told);
  told = setTimeout(() => setText($("outcome"), ""), TOLD_MS);
}

const act = {
  able: () => Boolean(token()),
  async run(button, verb, path, name) {
    const body = verb === "Skip" ? await confirmSkip(name) : undefined;
    if (body === null) return;
    button.disabled = true;
    try {
      const { message } = await (await ask(`api/v1/${path}/${verb.toLowerCase()}`, { method: "POST", body })).json();
      tell("done", message);
    } catch (error) {
      tell("refused", `${verb} ${name}: ${error.message}`);
    }
    button.disabled = false;
  },
};

// Whoever skips a record types its offset. The body of the request; null: not this time.
function confirmSkip(name) {
  const dialog = $("skip"), typed = $("skip-offset"), held = state.partitions.find(one => placeOf({ ...one, offset: null }) === name);
  const offset = heldOffset(held ?? {}), does = dialog.querySelector("[value=skip]");
  setText($("skip-why"), `${name}: ${held?.reason}`);
  typed.value = dialog.returnValue = "";
  typed.oninput = () => { does.disabled = !offset || typed.value.trim() !== offset; };
  typed.oninput();
  dialog.showModal();
  return new Promise(resolve => {
    dialog.onclose = () => resolve(dialog.returnValue === "skip" ? `{"offset": ${offset}}` : null);
  });
}

const tables = {
  routes: routeTable(place("routes"), act),
  partitions: partitionTable(place("partitions"), act),
  sinks: sinkTable(place("sinks")),
  problems: problemTable(place("problems")),
};

const urgency = one => one.held ? 0 : one.paused ? 1 : 2;

const reads = (route, topic) => route.topics.some(one => one.startsWith("^") ? new RegExp(one).test(topic) : one === topic);

function routeState(route) {
  const own = state.partitions.filter(one => reads(route, one.topic));
  if (own.length && own.every(one => one.paused)) return "paused";
  if (own.some(one => one.held && one.reason?.includes(`route ${route.name}:`))) return "held";
  return state.sinks.some(sink => sink.name === route.to && !sink.healthy) ? "waiting" : "running";
}
const byUrgency = (one, other) => urgency(one) - urgency(other) || one.topic.localeCompare(other.topic) || one.partition - other.partition;

function showTables() {
  document.body.toggleAttribute("data-steer", act.able());
  tables.routes.show(state.routes.map(route => ({ ...route, state: routeState(route) })));
  tables.sinks.show(state.sinks);
  $("problems-section").hidden = !state.problems.length;
  tables.problems.show(state.problems.slice(0, PROBLEMS));
  const sorted = [...state.partitions].sort(byUrgency);
  tables.partitions.show(state.whole ? sorted : sorted.slice(0, SHOWN));
  $("all").hidden = sorted.length <= SHOWN;
  setText($("all"), state.whole ? `Show the first ${SHOWN}` : `Show all ${count(sorted.length)}`);
}

// --- the page ------------------------------------------------------------------------------------

let board = null, drawn = false, told = 0;

// Once for all events that come together, and not while nobody looks.
function schedule() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    showVerdict();
    showTiles();
    showTables();
    board?.draw();
    const { status } = state;
    if (status) setText($("about"), `${status.version}, up ${join(round(time(Math.floor((status.time_ms - status.started_ms) / 1000))))}`);
  });
}

$("all").addEventListener("click", () => { state.whole = !state.whole; schedule(); });
$("steer").addEventListener("click", () => { $("token-text").value = ""; $("token").returnValue = ""; $("token").showModal(); });
$("token").addEventListener("close", () => {
  const { returnValue } = $("token"), text = $("token-text").value.trim();
  if (returnValue === "keep" && text) sessionStorage.setItem("token", text);
  if (returnValue === "forget") sessionStorage.removeItem("token");
  $("token-text").value = "";
  state.refused = null;
  schedule();
});
live();
