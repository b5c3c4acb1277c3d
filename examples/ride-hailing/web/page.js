// The page: each half second a frame of all that Redis says; what is asked, when it is asked.
import { CityMap } from './map.js';

const LATE_SECONDS = 3;
const $ = id => document.getElementById(id);
const count = new Intl.NumberFormat('en');
const money = cents => count.format(Math.floor(cents / 100)) + '.' + String(cents % 100).padStart(2, '0');
const statuses = { free: 'free', on_the_way: 'on the way to a rider', on_trip: 'with a rider' };
const events = { requested: 'wants a ride', accepted: 'has a driver', picked_up: 'is on its way', completed: 'has arrived', cancelled: 'was cancelled' };

const ask = async (path, query = {}, method = 'GET') =>
  (await fetch(`${path}?${new URLSearchParams(query)}`, { method })).json();

function text(id, value) {
  const element = $(id);
  if (element.textContent !== value) element.textContent = value;
}

function row(...parts) {
  const item = document.createElement('li');
  for (const [tag, ...content] of parts) {
    const part = document.createElement(tag);
    part.append(...content);
    item.append(part);
  }
  return item;
}

function driverLink(id) {
  const link = document.createElement('button');
  link.className = 'link';
  link.textContent = id;
  link.addEventListener('click', () => choose(id));
  return link;
}

// New rows for a list; the focus stays on the driver that had it.
function fill(id, rows) {
  const list = $(id), held = list.contains(document.activeElement) ? document.activeElement.textContent : null;
  list.replaceChildren(...rows);
  if (held) [...list.querySelectorAll('button')].find(button => button.textContent === held)?.focus();
}

let map, frame, week = 0, rate = null;

// --- the frame ---------------------------------------------------------------------------------

function show(next) {
  const before = frame;
  frame = next;
  map.update(frame.drivers);
  showVerdict(before);
  showRides();
  showBoard();
  showBridge();
}

function showVerdict(before) {
  const totals = { free: 0, on_the_way: 0, on_trip: 0 };
  for (const [, , , status] of Object.values(frame.drivers)) totals[status] += 1;
  for (const status in totals) text(status, count.format(totals[status]));
  if (before && frame.now > before.now) {
    const present = (frame.reports - before.reports) * 1000 / (frame.now - before.now);
    rate = rate === null ? present : rate * 0.8 + present * 0.2;
  }
  const late = !frame.paused && (frame.behind === null || frame.behind > LATE_SECONDS);
  text('verdict', `${count.format(Object.keys(frame.drivers).length)} drivers on the road`);
  $('fresh').classList.toggle('late', late);
  text('fresh', frame.paused ? 'The city is paused.'
    : frame.behind === null ? 'Redis has no reports yet.'
      : `Redis is ${Math.max(0, frame.behind).toFixed(1)} s behind them, ${count.format(Math.round(rate ?? 0))} reports a second`);
}

function showRides() {
  for (const status of ['requested', 'accepted', 'picked_up']) text(status, count.format(frame.rides[status]));
  fill('events', frame.events.map(event =>
    row(['span', `${event.ride} ${events[event.status]}`], ['span', event.driver ? driverLink(event.driver) : ''],
      ['small', `${event.from} → ${event.to}`])));
  fill('trips', frame.trips.map(trip =>
    row(['span', `${trip.trip}, `, driverLink(trip.driver)], ['b', money(Number(trip.cents))], ['small', `${trip.from} → ${trip.to}`])));
}

function showBoard() {
  const shown = frame.weeks[week], driven = frame.driven[shown.week] ?? { trips: 0, cents: 0 };
  text('week', shown.week);
  fill('board', shown.board.map(([driver, cents], place) =>
    row(['span', String(place + 1)], ['span', driverLink(driver)], ['b', money(cents)])));
  const missing = driven.trips - shown.trips;
  $('exact').classList.toggle('yes', missing === 0 && driven.cents === shown.cents);
  text('exact', `${count.format(shown.trips)} trips, ${money(shown.cents)}` +
    (missing > 0 ? `; ${count.format(missing)} not there yet` : missing < 0 ? `; ${count.format(-missing)} counted twice` : ': every trip driven, each once'));
}

function showBridge() {
  text('bridge', frame.penstock.running ? `penstock is process ${frame.penstock.pid}.` : 'penstock is down; it starts again in a moment.');
  $('kill').disabled = !frame.penstock.running;
  text('pause', frame.paused ? 'Let the city go on' : 'Pause the city');
}

// --- a driver, and who is near -----------------------------------------------------------------

async function choose(id) {
  map.selected = id;
  text('driver-name', `Driver ${id}`);
  text('driver-key', `driver:${id}`);
  $('driver-card').hidden = false;
  await showDriver();
}

async function showDriver() {
  const id = map.selected;
  if (!id) return;
  const driver = await ask('driver', { id });
  if (id !== map.selected) return;
  const place = driver.place ? `${money(driver.cents)} this week, place ${driver.place}.` : 'No trip this week yet.';
  text('driver-text', driver.hash
    ? `${statuses[driver.hash.status]}, at ${driver.hash.corner}. ${place}`
    : `is offline${driver.onTheMap ? '' : ' and not on the map'}. ${place}`);
  $('driver-offline').disabled = !driver.hash;
}

async function searchAt(x, y) {
  map.search = { x, y, radius: Number($('radius').value) };
  $('nearby-card').hidden = false;
  await showNearby();
}

async function showNearby() {
  const search = map.search;
  if (!search) return;
  const found = await ask('nearby', search);
  if (search !== map.search) return;
  text('nearby-count', `${found.length} ${found.length === 1 ? 'driver' : 'drivers'}`);
  fill('nearby', found.slice(0, 50).map(({ driver, metres, status }) =>
    row(['span', driverLink(driver)], ['span', statuses[status] ?? 'offline'], ['b', `${Math.round(metres)} m`])));
}

// --- start -------------------------------------------------------------------------------------

function wire() {
  map.ondriver = choose;
  map.onplace = searchAt;
  $('closer').addEventListener('click', () => map.zoom(1.5));
  $('farther').addEventListener('click', () => map.zoom(1 / 1.5));
  $('radius').addEventListener('change', () => searchAt(map.search.x, map.search.y));
  $('nearby-close').addEventListener('click', () => { map.search = null; $('nearby-card').hidden = true; });
  $('driver-close').addEventListener('click', () => { map.selected = null; $('driver-card').hidden = true; });
  $('driver-offline').addEventListener('click', () => ask('driver/offline', { id: map.selected }, 'POST'));
  $('kill').addEventListener('click', () => ask('kill', {}, 'POST'));
  $('pause').addEventListener('click', () => ask(frame.paused ? 'resume' : 'pause', {}, 'POST'));
  for (const [index, id] of ['this-week', 'last-week'].entries()) {
    $(id).addEventListener('click', () => {
      week = index;
      $('this-week').setAttribute('aria-pressed', String(index === 0));
      $('last-week').setAttribute('aria-pressed', String(index === 1));
      showBoard();
    });
  }
  setInterval(() => { if (!document.hidden) { showDriver(); showNearby(); } }, 1000);
}

map = new CityMap($('map'), await ask('city'));
window.cityMap = map; // for the curious: cityMap.drivers, cityMap.search
wire();
const live = new EventSource('live');
live.onmessage = event => show(JSON.parse(event.data));
live.onerror = () => {
  text('verdict', 'The example has ended');
  text('fresh', 'This page goes on when it runs again on this port.');
};
