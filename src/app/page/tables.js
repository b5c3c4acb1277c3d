// tables.js: tables whose rows keep their place in the document while their numbers change.
import { at, count, h, join, known, setData, setText, short, size, time } from "./words.js";

// One table. columns: { head, number, make(cell, acts), show(cell, row) }; rows are found again by key(row).
export class Table {
  constructor(place, columns, key, empty) {
    Object.assign(this, { columns, key, rows: new Map() });
    this.body = h("tbody", { role: "rowgroup" });
    this.table = h("table", { role: "table", "aria-labelledby": place.getAttribute("aria-labelledby") },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...columns.map(({ head, kind, number }) =>
        h("th." + (number ? "number" : kind ?? "text"), { scope: "col", role: "columnheader" }, head || h("span.hidden", {}, "Actions"))))), this.body);
    this.empty = h("p.empty", {}, empty);
    place.append(this.table, this.empty);
  }

  row(data) {
    const name = this.key(data);
    if (!this.rows.has(name)) {
      const cells = this.columns.map(({ head, kind, number }) =>
        h("td." + (number ? "number" : kind ?? "text"), { role: "cell", "data-head": head }));
      this.rows.set(name, { element: h("tr", { role: "row" }, ...cells), cells });
    }
    return this.rows.get(name);
  }

  show(list) {
    const kept = new Set();
    this.table.hidden = !list.length;
    this.empty.hidden = list.length > 0;
    this.table.classList.toggle("calm", !list.some(row => row.reason));
    list.forEach((data, i) => {
      const row = this.row(data);
      kept.add(this.key(data));
      this.columns.forEach((column, j) => column.show(row.cells[j], data));
      if (this.body.children[i] !== row.element) this.body.insertBefore(row.element, this.body.children[i] ?? null);
    });
    for (const [name, { element }] of this.rows)
      if (!kept.has(name)) {
        element.remove();
        this.rows.delete(name);
      }
  }
}

// --- cells ---------------------------------------------------------------------------------------

const text = (head, of, kind) => ({ head, kind, show: (cell, row) => setText(cell, of(row) ?? "") });
const number = (head, of, write = count, bad = false) => ({
  head, number: true,
  show(cell, row) {
    const value = of(row);
    setText(cell, write(value));
    cell.classList.toggle("zero", !value);
    if (bad) cell.classList.toggle("count-bad", value > 0);
  },
});

// A part of a cell that is made once.
function part(cell, what, properties) {
  const name = what.split(".").pop();
  let found = [...cell.children].find(child => child.dataset.part === name);
  if (!found) cell.append(found = h(what, { ...properties, "data-part": name }));
  return found;
}

const words = { well: ["running", "connected"], off: ["paused"], bad: ["held", "away"] };
const tone = state => Object.keys(words).find(name => words[name].includes(state)) ?? "warn";

function showState(cell, state) {
  const mark = part(cell, "span.state");
  setData(mark, "state", tone(state));
  setText(mark, state);
}

// Buttons of a row: those of `actions`, for which the page has a token.
function showActions(cell, row, actions, act) {
  const wanted = act.able() ? actions(row) : [], now = wanted.map(([verb]) => verb).join();
  if (cell.dataset.now === now) return;
  const focused = cell.contains(document.activeElement);
  cell.dataset.now = now;
  cell.replaceChildren(...wanted.map(([verb, path, name]) =>
    h("button", { type: "button", "aria-label": `${verb} ${name}`, onclick: event => act.run(event.currentTarget, verb, path, name) }, verb)));
  if (focused) cell.querySelector("button")?.focus();
}

const actions = (list, act) => ({ head: "", kind: "acts", show: (cell, row) => showActions(cell, row, list, act) });

function showSpark(cell, values) {
  const svg = part(cell, "span.spark-line");
  if (!svg.firstChild) svg.innerHTML = '<svg class="spark" viewBox="0 0 120 20" preserveAspectRatio="none" aria-hidden="true"><path/></svg>';
  const peak = Math.max(1, ...values);
  svg.querySelector("path").setAttribute("d", values.map((value, i) =>
    `${i ? "L" : "M"}${120 - values.length + i + 1} ${(18.5 - 17 * value / peak).toFixed(1)}`).join(""));
}

// --- the tables ----------------------------------------------------------------------------------

// As they are typed in redis-cli, and what they depend on: of several, the first whose condition is true is run, or all of them.
const linesOf = (commands, all, head = "") => commands.map(({ cmd, when }, i) => {
  const words = [head, !all && i ? "else" : "", when ? `if ${when}` : ""].filter(Boolean).join(" ");
  return words ? `${words}: ${cmd}` : cmd;
});
const commandsOf = ({ when, do: commands, all, del, ttl }) =>
  [...(when ? [`only if ${when}`] : []), ...linesOf(commands, all), ...linesOf(del, all, "tombstone"), ...(ttl ? [`ttl ${ttl}`] : [])].join("\n");

const partitionState = row => row.held ? "held" : row.paused ? "paused" : "running";

// Of the record that holds a partition, and can be skipped.
export const heldOffset = ({ held, reason }) => held && /^offset (\d+): route /.exec(reason)?.[1];

export const placeOf = ({ topic, partition, offset }) => `${topic}[${partition}]` + (offset === null ? "" : `@${offset}`);

export const routeTable = (place, act) => new Table(place, [
  { head: "Route", kind: "wide",
    show(cell, row) {
      const name = part(cell, "div.route");
      if (!name.firstChild) name.append(h("b"), " ", h("span.quiet"));
      setText(name.firstChild, row.name);
      setText(name.lastChild, `${row.topics.join(", ")} → ${row.to}${row.delivery === "at_least_once" ? "" : ", " + row.delivery.replaceAll("_", " ")}`);
      setText(part(cell, "div.mono.commands"), commandsOf(row));
    } },
  { head: "State", show: (cell, row) => showState(cell, row.state) },
  { head: "Records/s", number: true,
    show(cell, row) {
      showSpark(cell, row.rates ?? []);
      setText(part(cell, "span.rate"), known(row.rate) ? short(row.rate).join("") : "–");
    } },
  number("Written", row => row.records.written),
  number("Filtered", row => row.records.filtered),
  number("In flight", row => row.records.in_flight),
  number("Dropped", row => row.records.dropped),
  number("Dead letters", row => row.records.dead_lettered),
  number("Errors", row => Object.values(row.errors).reduce((sum, one) => sum + one, 0), count, true),
  actions(row => [[row.state === "paused" ? "Resume" : "Pause", `routes/${encodeURIComponent(row.name)}`, `route ${row.name}`]], act),
], row => row.name, "No route yet.");

export const partitionTable = (place, act) => new Table(place, [
  { head: "Partition", show(cell, row) { setText(part(cell, "b"), `${row.topic}[${row.partition}]`); } },
  { head: "State", show: (cell, row) => showState(cell, partitionState(row)) },
  number("Position", row => row.position),
  number("Committed", row => row.committed),
  number("End", row => row.end),
  number("Lag", row => row.lag_records),
  number("Behind", row => row.lag_seconds, seconds => join(time(seconds))),
  text("Owner", row => `worker ${row.worker}`),
  text("Why", row => row.reason, "why"),
  actions(row => {
    const path = `partitions/${encodeURIComponent(row.topic)}/${row.partition}`, name = `${row.topic}[${row.partition}]`;
    const pause = [row.paused ? "Resume" : "Pause", path, name];
    return [...(row.held ? [["Retry", path, name]] : []), ...(heldOffset(row) ? [["Skip", path, name]] : []), pause];
  }, act),
], row => `${row.topic}[${row.partition}]`, "No partition is assigned to this process.");

export const sinkTable = place => new Table(place, [
  { head: "Sink", show(cell, row) { setText(part(cell, "b"), row.name); } },
  { head: "State", show: (cell, row) => showState(cell, row.healthy ? "connected" : "away") },
  text("Address", row => row.url, "long"),
  number("Connections", row => row.connections),
  number("Reconnects", row => row.reconnects),
  number("Commands/s", row => row.rate, rate => short(rate).join("")),
  number("Refused", row => row.commands.refused, count, true),
  number("Sent", row => row.sent_bytes, bytes => join(size(bytes))),
  number("Received", row => row.received_bytes, bytes => join(size(bytes))),
  text("Why", row => row.healthy ? "" : `${row.reason}, for ${join(time(row.unhealthy_ms / 1000))}`, "why"),
], row => row.name, "No sink yet.");

function copy(button, line) {
  navigator.clipboard.writeText(line).then(() => setText(button, "Copied"), () => setText(button, "Select it"));
  setTimeout(() => setText(button, "Copy"), 2000);
}

export const problemTable = place => new Table(place, [
  { head: "Record", show(cell, row) { setText(part(cell, "b.place"), placeOf(row)); } },
  text("When", row => at(row.time_ms)),
  text("Route", row => row.route),
  { head: "Why", kind: "wide",
    show(cell, row) {
      setText(part(cell, "div.what"), (row.kind === "held" ? "Held: " : "") + row.reason + (row.count > 1 ? `, and ${count(row.count - 1)} before it` : ""));
      const explain = part(cell, "div.explain");
      explain.hidden = !row.explain;
      if (explain.firstChild || !row.explain) return;
      explain.append(h("button", { type: "button", "aria-label": `Copy the command that explains ${placeOf(row)}`, onclick: event => copy(event.currentTarget, row.explain) }, "Copy"),
        h("code", {}, row.explain));
    } },
], row => `${placeOf(row)} ${row.route} ${row.reason}`, "");
