// words.js: numbers, times and sizes as a person reads them; elements as code writes them.

const whole = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const clockShort = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const known = number => typeof number === "number" && Number.isFinite(number);
export const count = number => known(number) ? whole.format(Math.round(number)) : "–";
export const plural = (number, one, many = one + "s") => `${count(number)} ${number === 1 ? one : many}`;
export const at = ms => clock.format(ms);
export const atMinute = ms => clockShort.format(ms);

function digits(number, most) {
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(Math.min(1, most)) : number.toFixed(most);
}

// [text, unit]: "8,240", "12.4" "k", "1.24" "M"
export function short(number) {
  if (!known(number)) return ["–", ""];
  if (Math.abs(number) < 10) return [Number.isInteger(number) ? String(number) : number.toFixed(1), ""];
  if (Math.abs(number) < 10000) return [count(number), ""];
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (Math.abs(number) >= size) return [digits(number / size, 2), unit];
}

export function size(bytes) {
  if (!known(bytes)) return ["–", ""];
  for (const [unit, name] of [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]])
    if (bytes >= unit) return [digits(bytes / unit, 1), name];
  return [String(Math.round(bytes)), "B"];
}

export function time(seconds) {
  if (!known(seconds)) return ["–", ""];
  if (seconds === 0) return ["0", "s"];
  if (seconds < 1) return [digits(seconds * 1000, seconds < .01 ? 1 : 0), "ms"];
  if (seconds < 120) return [digits(seconds, 1), "s"];
  if (seconds < 7200) return [digits(seconds / 60, 0), "min"];
  if (seconds < 172800) return [digits(seconds / 3600, 1), "h"];
  return [digits(seconds / 86400, 1), "days"];
}

// For an axis: "20k", "1 s"
export const round = ([text, unit]) => [text.replace(/\.0+$/, ""), unit];
export const join = ([text, unit]) => unit ? `${text} ${unit}` : text;

// An element: h("td.number", { title: "..." }, "text", child)
export function h(what, properties, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties ?? {}))
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  element.append(...children.filter(child => child != null));
  return element;
}

// Only what differs is touched, so that focus and a selection stay.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}
