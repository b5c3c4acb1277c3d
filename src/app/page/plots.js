// plots.js: three pictures of the last fifteen minutes, over one time axis; one cross hair for all of them.
import { at, atMinute, count, h, join, known, round, setText, short, time } from "./words.js";

// What is shown: as much as there is, up to so many seconds, with a mark each so many.
const SPANS = [[120, 30], [300, 60], [600, 120], [900, 300]], LEFT = 46, BOTTOM = 20, TOP = 8, HEAT_SECONDS = 5;

// The quantile of counts by bucket, in seconds, as Prometheus reads it; NaN where there is nothing.
export function quantile(share, counts, bounds) {
  const total = counts.reduce((sum, one) => sum + one, 0);
  let below = 0;
  for (let i = 0; i < counts.length; i++) {
    if (total && below + counts[i] >= share * total) {
      const low = i ? bounds[i - 1] : 0, high = bounds[i] ?? bounds[bounds.length - 1];
      return low + (high - low) * (counts[i] ? (share * total - below) / counts[i] : 1);
    }
    below += counts[i];
  }
  return NaN;
}

export function sum(lists) {
  const total = [];
  for (const list of lists) list.forEach((one, i) => total[i] = (total[i] ?? 0) + one);
  return total;
}

// A round number at or above: 1, 2, 5 times a power of ten.
function ceiling(number) {
  const power = 10 ** Math.floor(Math.log10(number));
  return power * [1, 2, 5, 10].find(step => step * power >= number * .9999);
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  return name => style.getPropertyValue("--" + name).trim();
}

class Plot {
  constructor(board, title, unit) {
    this.board = board;
    this.title = title;
    this.readout = h("span.quiet");
    this.canvas = h("canvas", { tabindex: 0, role: "img" });
    this.element = h("figure", {}, h("figcaption", {}, h("span", {}, h("b", {}, title), h("span.quiet", {}, unit ? " " + unit : "")), this.readout), this.canvas);
    this.canvas.addEventListener("pointermove", event => board.point(this.timeAt(event.offsetX)));
    this.canvas.addEventListener("pointerleave", () => board.point(null));
    this.canvas.addEventListener("keydown", event => board.key(event));
    this.canvas.addEventListener("blur", () => board.point(null));
  }

  timeAt(x) {
    const width = this.canvas.clientWidth - LEFT;
    return this.board.now - this.board.span * (1 - (x - LEFT) / width);
  }

  begin() {
    const { canvas } = this, ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "11px " + getComputedStyle(document.documentElement).fontFamily;
    this.pen = pen;
    this.ink = colours();
    this.right = width;
    this.floor = height - BOTTOM;
    this.x = ms => LEFT + (width - LEFT) * (1 - (this.board.now - ms) / this.board.span);
  }

  line(x1, y1, x2, y2, colour, width = 1) {
    const { pen } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
  }

  // Where penstock was not ready, and the minutes.
  ground() {
    const { pen, ink, board } = this;
    pen.fillStyle = ink("bad-ground");
    for (const [from, to] of board.troubles()) pen.fillRect(Math.max(LEFT, this.x(from)), TOP, Math.max(1, this.x(to) - Math.max(LEFT, this.x(from))), this.floor - TOP);
    pen.textBaseline = "alphabetic";
    pen.textAlign = "center";
    const { step } = board, offset = new Date().getTimezoneOffset() * 60000, write = step < 60000 ? at : atMinute;
    for (let ms = Math.ceil((board.now - board.span - offset) / step) * step + offset; ms <= board.now; ms += step) {
      const x = Math.round(this.x(ms)) + .5;
      if (x > LEFT) this.line(x, this.floor, x, this.floor + 4, ink("quiet"));
      pen.fillStyle = ink("quiet");
      if (x > LEFT + 12 && x < this.right - 14) pen.fillText(write(ms), Math.min(x, this.right - 24), this.floor + 16);
    }
    this.line(LEFT, this.floor + .5, this.right, this.floor + .5, ink("quiet"));
  }

  label(text, y) {
    const { pen, ink } = this;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillStyle = ink("quiet");
    pen.fillText(text, LEFT - 7, y);
  }

  hair() {
    const { ink, board } = this;
    if (board.pointed === null) return;
    const x = Math.round(this.x(board.pointed)) + .5;
    if (x >= LEFT) this.line(x, TOP, x, this.floor, ink("text"));
  }
}

class LinePlot extends Plot {
  constructor(board, title, unit, series, least, tell) {
    super(board, title, unit);
    Object.assign(this, { series, least, tell });
  }

  // The path of the known values; a second without a sample is a gap.
  path(y) {
    const { pen, board } = this, times = board.history.time, values = board.history[this.series];
    let last = null;
    const runs = [];
    for (let i = 0; i < times.length; i++) {
      if (times[i] < board.now - board.span - 2000 || !known(values[i])) continue;
      if (last === null || times[i] - last > 3500) runs.push([]);
      runs[runs.length - 1].push([Math.max(LEFT, this.x(times[i])), y(values[i])]);
      last = times[i];
    }
    return runs;
  }

  draw() {
    this.begin();
    const { pen, ink, board } = this, values = board.history[this.series];
    const first = board.history.time.findIndex(ms => ms >= board.now - board.span);
    let peak = this.least;
    for (let i = Math.max(0, first); i < values.length; i++) if (values[i] > peak) peak = values[i];
    const top = ceiling(peak), y = value => this.floor - (this.floor - TOP) * Math.min(1, value / top);
    const steps = String(top)[0] === "5" ? 5 : 4;
    this.ground();
    for (let i = 0; i <= steps; i += steps === 5 ? 1 : 2) {
      const level = top * i / steps;
      if (i) this.line(LEFT, Math.round(y(level)) + .5, this.right, Math.round(y(level)) + .5, ink("grid"));
      this.label(round(short(level)).join(""), y(level));
    }
    for (const run of this.path(y)) {
      pen.beginPath();
      run.forEach(([x, level], i) => i ? pen.lineTo(x, level) : pen.moveTo(x, level));
      pen.strokeStyle = ink("accent");
      pen.lineWidth = 1.5;
      pen.lineJoin = "round";
      pen.stroke();
      pen.lineTo(run[run.length - 1][0], this.floor);
      pen.lineTo(run[0][0], this.floor);
      pen.globalAlpha = .12;
      pen.fillStyle = ink("accent");
      pen.fill();
      pen.globalAlpha = 1;
    }
    this.hair();
    const i = board.index();
    setText(this.readout, i < 0 ? "" : this.tell(i) + board.when());
    this.canvas.setAttribute("aria-label", i < 0 ? `${this.title}: nothing yet` :
      `${this.title}, latest: ${this.tell(board.history.time.length - 1)}; at most ${join(short(peak))}. Left and right arrow keys read earlier seconds.`);
  }
}

class HeatPlot extends Plot {
  cells() {
    const { history, now, span } = this.board, columns = new Map();
    history.time.forEach((ms, i) => {
      if (ms < now - span) return;
      const column = Math.floor(ms / (HEAT_SECONDS * 1000));
      columns.set(column, columns.has(column) ? sum([columns.get(column), history.latency[i]]) : history.latency[i]);
    });
    return columns;
  }

  draw() {
    this.begin();
    const { pen, ink, board } = this, bounds = board.history.latency_bounds_seconds, rows = bounds.length + 1;
    const row = (this.floor - TOP) / rows;
    this.ground();
    const columns = [...this.cells()], width = (this.right - LEFT) * HEAT_SECONDS * 1000 / board.span;
    const most = Math.max(1, ...columns.map(([, counts]) => counts.reduce((total, one) => total + one, 0)));
    pen.fillStyle = ink("accent");
    for (const [column, counts] of columns)
      counts.forEach((one, i) => {
        if (!one) return;
        const x = Math.max(LEFT, this.x(column * HEAT_SECONDS * 1000)), right = Math.min(this.right, this.x((column + 1) * HEAT_SECONDS * 1000));
        pen.globalAlpha = .14 + .86 * Math.sqrt(one / most);
        pen.fillRect(x, this.floor - (i + 1) * row + .5, Math.max(1, right - x - (width > 2.5 ? .5 : 0)), row - 1);
      });
    pen.globalAlpha = 1;
    for (const seconds of [.001, .01, .1, 1, 10]) {
      const i = bounds.indexOf(seconds), y = this.floor - (i + 1) * row;
      if (i >= 0) this.line(LEFT, Math.round(y) + .5, this.right, Math.round(y) + .5, ink("grid"));
      if (i >= 0) this.label(join(round(time(seconds))), y);
    }
    this.hair();
    const i = board.index(), text = this.tell(i);
    setText(this.readout, text ? text + board.when() : "");
    this.canvas.setAttribute("aria-label", text ? `${this.title}, latest: ${this.tell(board.history.time.length - 1)}. Left and right arrow keys read earlier seconds.` : `${this.title}: nothing yet`);
  }

  // Of the ten seconds up to then.
  tell(i) {
    const { history } = this.board;
    if (i < 0) return "";
    const counts = sum(history.latency.slice(Math.max(0, i - 9), i + 1)), bounds = history.latency_bounds_seconds;
    return counts.some(one => one) ? `p50 ${join(time(quantile(.5, counts, bounds)))}, p99 ${join(time(quantile(.99, counts, bounds)))}` : "no records";
  }
}

export class Board {
  constructor(parent, history) {
    this.history = history;
    this.now = Date.now();
    this.pointed = null;
    this.span = this.step = 1;
    this.plots = [
      new LinePlot(this, "Records written", "a second", "records_per_second", 1, i => `${count(this.history.records_per_second[i])}/s`),
      new LinePlot(this, "Lag", "records", "lag_records", 1, i => `${join(short(this.history.lag_records[i]))}, ${join(time(this.history.lag_seconds[i]))} behind`),
      new HeatPlot(this, "Latency", "Kafka to Redis"),
    ];
    parent.append(...this.plots.map(plot => plot.element));
    new ResizeObserver(() => this.draw()).observe(parent);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // Spans in which penstock was not ready.
  troubles() {
    const { time: times, ready } = this.history, spans = [];
    for (let i = 0; i < times.length; i++) {
      if (ready[i] !== 0 || times[i] < this.now - this.span) continue;
      const last = spans[spans.length - 1];
      if (last && times[i] - last[1] < 2500) last[1] = times[i];
      else spans.push([times[i] - 1000, times[i]]);
    }
    return spans;
  }

  // The sample that is pointed at, or the newest; -1: none.
  index() {
    const { time: times } = this.history;
    if (this.pointed === null || !times.length) return times.length - 1;
    let best = 0;
    for (let i = 1; i < times.length; i++)
      if (Math.abs(times[i] - this.pointed) < Math.abs(times[best] - this.pointed)) best = i;
    return Math.abs(times[best] - this.pointed) < 5000 ? best : -1;
  }

  when() {
    return this.pointed === null ? "" : ` at ${at(this.history.time[this.index()])}`;
  }

  point(ms) {
    this.pointed = ms === null ? null : Math.min(this.now, Math.max(this.now - this.span, ms));
    this.draw();
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") this.point(null);
    else if (step) this.point((this.pointed ?? this.now) + step * (event.shiftKey ? 60000 : 5000));
    else return;
    event.preventDefault();
  }

  draw() {
    const { time: times } = this.history;
    if (times.length) this.now = times[times.length - 1];
    const [span, step] = SPANS.find(([seconds]) => this.now - (times[0] ?? this.now) <= seconds * 1000) ?? SPANS[SPANS.length - 1];
    Object.assign(this, { span: span * 1000, step: step * 1000 });
    for (const plot of this.plots) plot.draw();
  }
}
