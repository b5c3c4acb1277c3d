// The map: streets, river and park from the city's generator, drivers as they were last reported.
// Places are metres, x to the east and y to the north.

const REPORT_MS = 1000; // a driver reports once a second: between two reports it moves straight on
const FADE_MS = 700;
const FRAME_MS = 33;
const NEAR_PIXELS = 11;
const still = matchMedia('(prefers-reduced-motion: reduce)');

export class CityMap {
  constructor(canvas, city) {
    this.canvas = canvas;
    this.city = city;
    this.ground = document.createElement('canvas');
    this.drivers = new Map(); // id -> {from, to, since, heading, status}
    this.gone = [];           // [{x, y, since}]
    this.search = null;       // {x, y, radius}
    this.selected = null;
    this.onplace = this.ondriver = () => {};
    this.centre = [city.width / 2, city.height / 2];
    this.scale = 0; // pixels a metre; 0: fit
    new ResizeObserver(() => this.resize()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.drawGround());
    this.listen();
    this.drawn = 0;
    const turn = now => {
      if (now - this.drawn >= FRAME_MS) {
        this.drawn = now;
        this.draw(performance.now()); // `now` is when the frame began: a report may have come since
      }
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }

  // --- what is where ---------------------------------------------------------------------------

  update(drivers) {
    const now = performance.now();
    for (const [id, [x, y, heading, status]] of Object.entries(drivers)) {
      const known = this.drivers.get(id);
      if (!known) {
        this.drivers.set(id, { from: [x, y], to: [x, y], since: now, heading, status });
        continue;
      }
      if (known.to[0] !== x || known.to[1] !== y) {
        known.from = still.matches ? [x, y] : this.place(known, now);
        known.to = [x, y];
        known.since = now;
      }
      known.heading = heading;
      known.status = status;
    }
    for (const [id, driver] of this.drivers) {
      if (!(id in drivers)) {
        this.gone.push({ place: this.place(driver, now), since: now });
        this.drivers.delete(id);
      }
    }
  }

  place(driver, now) {
    const part = Math.min(1, (now - driver.since) / REPORT_MS);
    return [driver.from[0] + (driver.to[0] - driver.from[0]) * part, driver.from[1] + (driver.to[1] - driver.from[1]) * part];
  }

  toScreen([x, y]) {
    return [(x - this.centre[0]) * this.scale + this.width / 2, (this.centre[1] - y) * this.scale + this.height / 2];
  }

  toCity(left, top) {
    return [(left - this.width / 2) / this.scale + this.centre[0], this.centre[1] - (top - this.height / 2) / this.scale];
  }

  // --- the view --------------------------------------------------------------------------------

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.width = clientWidth;
    this.height = clientHeight;
    this.ratio = devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.ground]) {
      canvas.width = clientWidth * this.ratio;
      canvas.height = clientHeight * this.ratio;
    }
    const fill = Math.max(clientWidth / (this.city.width + 200), clientHeight / (this.city.height + 200));
    this.least = Math.min(fill, Math.min(clientWidth / this.city.width, clientHeight / this.city.height) * 0.92);
    this.scale = Math.max(this.scale || fill * 0.98, this.least);
    this.drawGround();
  }

  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const fixed = this.toCity(left, top);
    this.scale = Math.min(3, Math.max(this.least, this.scale * factor));
    const moved = this.toCity(left, top);
    this.pan((fixed[0] - moved[0]), (fixed[1] - moved[1]));
  }

  pan(x, y) {
    this.centre = [Math.min(this.city.width, Math.max(0, this.centre[0] + x)), Math.min(this.city.height, Math.max(0, this.centre[1] + y))];
    this.drawGround();
  }

  listen() {
    const { canvas } = this;
    let down = null;
    canvas.addEventListener('pointerdown', event => {
      down = { x: event.offsetX, y: event.offsetY, dragged: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', event => {
      if (!down) return;
      const dx = event.offsetX - down.x, dy = event.offsetY - down.y;
      if (!down.dragged && Math.hypot(dx, dy) < 5) return;
      this.pan(-dx / this.scale, dy / this.scale);
      down = { x: event.offsetX, y: event.offsetY, dragged: true };
    });
    canvas.addEventListener('pointerup', event => {
      if (down && !down.dragged) this.pick(event.offsetX, event.offsetY);
      down = null;
    });
    canvas.addEventListener('pointercancel', () => { down = null; });
    canvas.addEventListener('wheel', event => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 500), event.offsetX, event.offsetY);
    }, { passive: false });
    const step = () => 80 / this.scale;
    const keys = {
      '+': () => this.zoom(1.3), '=': () => this.zoom(1.3), '-': () => this.zoom(1 / 1.3),
      ArrowLeft: () => this.pan(-step(), 0), ArrowRight: () => this.pan(step(), 0),
      ArrowUp: () => this.pan(0, step()), ArrowDown: () => this.pan(0, -step()),
      Enter: () => this.onplace(...this.centre),
    };
    canvas.addEventListener('keydown', event => {
      if (keys[event.key]) {
        event.preventDefault();
        keys[event.key]();
      }
    });
  }

  pick(left, top) {
    const now = performance.now();
    let best = null, least = NEAR_PIXELS;
    for (const [id, driver] of this.drivers) {
      const [x, y] = this.toScreen(this.place(driver, now));
      const away = Math.hypot(x - left, y - top);
      if (away < least) [best, least] = [id, away];
    }
    if (best) this.ondriver(best);
    else this.onplace(...this.toCity(left, top));
  }

  // --- drawing ---------------------------------------------------------------------------------

  colours() {
    const style = getComputedStyle(document.documentElement);
    return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
  }

  drawGround() {
    if (!this.width) return;
    const pen = this.ground.getContext('2d'), colour = this.colours();
    const path = points => {
      pen.beginPath();
      for (const point of points) pen.lineTo(...this.toScreen(point));
    };
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.fillStyle = colour.land;
    pen.fillRect(0, 0, this.width, this.height);
    pen.lineCap = pen.lineJoin = 'round';
    path(this.city.park);
    pen.fillStyle = colour.park;
    pen.fill();
    path(this.city.river);
    pen.lineWidth = this.city.riverWidth * this.scale;
    pen.strokeStyle = colour.water;
    pen.stroke();
    const wide = street => Math.max(street.avenue ? 2.2 : 1.1, (street.avenue ? 17 : 9) * this.scale);
    for (const [ink, more] of [[colour.casing, 1.6], [colour.street, 0]]) {
      pen.strokeStyle = ink;
      for (const street of this.city.streets) {
        path(street.points);
        pen.lineWidth = wide(street) + more;
        pen.stroke();
      }
    }
    this.drawNames(pen, colour);
    const paint = name => colour[name];
    this.paint = Object.fromEntries(['free', 'on_the_way', 'on_trip', 'mark', 'land'].map(name => [name, paint(name)]));
  }

  drawNames(pen, colour) {
    pen.font = '10px system-ui, sans-serif';
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.fillStyle = colour.name;
    pen.strokeStyle = colour.street;
    pen.lineWidth = 3;
    for (const street of this.city.streets) {
      if (!street.avenue && this.scale < 0.5) continue;
      const middle = Math.floor(street.points.length * 0.62);
      const [a, b] = [street.points[Math.max(0, middle - 1)], street.points[middle]].map(point => this.toScreen(point));
      if (street.points.length < 4 || !b) continue;
      let angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
      if (angle > Math.PI / 2 || angle <= -Math.PI / 2) angle += Math.PI;
      pen.save();
      pen.translate((a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      pen.rotate(angle);
      pen.strokeText(street.name, 0, 0);
      pen.fillText(street.name, 0, 0);
      pen.restore();
    }
  }

  draw(now) {
    if (!this.width || !this.paint) return;
    const pen = this.canvas.getContext('2d');
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(this.ground, 0, 0);
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawSearch(pen);
    const size = Math.min(9, Math.max(3.6, 14 * this.scale));
    for (const driver of this.drivers.values()) this.drawDriver(pen, this.toScreen(this.place(driver, now)), driver, size);
    this.drawGone(pen, now);
    const chosen = this.drivers.get(this.selected);
    if (chosen) this.ring(pen, this.toScreen(this.place(chosen, now)), size + 7, 2);
  }

  drawDriver(pen, [x, y], driver, size) {
    if (x < -size || y < -size || x > this.width + size || y > this.height + size) return;
    pen.fillStyle = this.paint[driver.status];
    pen.beginPath();
    if (driver.status === 'free') {
      pen.arc(x, y, size * 0.55, 0, 2 * Math.PI);
    } else {
      const angle = driver.heading * Math.PI / 180, sin = Math.sin(angle), cos = Math.cos(angle);
      for (const [right, ahead] of [[0, 1.05], [0.68, -0.75], [0, -0.35], [-0.68, -0.75]]) {
        pen.lineTo(x + (right * cos + ahead * sin) * size, y + (right * sin - ahead * cos) * size);
      }
    }
    pen.fill();
  }

  drawGone(pen, now) {
    this.gone = this.gone.filter(({ since }) => now - since < FADE_MS);
    for (const { place, since } of this.gone) {
      const part = (now - since) / FADE_MS;
      pen.globalAlpha = 1 - part;
      this.ring(pen, this.toScreen(place), 4 + 12 * part, 1.5);
    }
    pen.globalAlpha = 1;
  }

  drawSearch(pen) {
    if (!this.search) return;
    const [x, y] = this.toScreen([this.search.x, this.search.y]);
    pen.globalAlpha = 0.1;
    pen.fillStyle = this.paint.mark;
    pen.beginPath();
    pen.arc(x, y, this.search.radius * this.scale, 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
    this.ring(pen, [x, y], this.search.radius * this.scale, 1);
    this.ring(pen, [x, y], 3, 2);
  }

  ring(pen, [x, y], radius, width) {
    pen.strokeStyle = this.paint.mark;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.stroke();
  }
}
