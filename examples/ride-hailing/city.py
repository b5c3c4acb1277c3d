"""A made-up city: streets of unequal blocks, many of them one-way, a river with bridges, and a park.

Everything follows from the seed. Places are metres, x to the east and y to the north; `City.geo()` makes degrees of them.
"""
import collections
import heapq
import math
import random

WIDTH, HEIGHT = 4800, 3200
EARTH = 6372797.560856  # metres: Redis' own radius, so that its distances and ours agree
CENTRE = (-85.0, -35.0)  # longitude, latitude: there is only sea
AVENUE, STREET = 13.0, 9.0  # metres a second
RIVER_HALF = 75.0

_NAMES = ("Weir", "Sluice", "Lock", "Mill", "Spring", "Canal", "Ferry", "Harbour", "Cistern", "Aqueduct", "Fountain",
          "Basin", "Dyke", "Delta", "Turbine", "Valve", "Cascade", "Reservoir", "Estuary", "Brook", "Ford", "Levee",
          "Marsh", "Quay", "Rapids", "Shoal", "Tide", "Wharf", "Pump", "Well", "Rain", "Cove")
_METRES_A_DEGREE = EARTH * math.pi / 180

Street = collections.namedtuple("Street", "name speed both points")
Edge = collections.namedtuple("Edge", "to length speed")


def _lines(draw, end, least, most):
    """Where parallel streets lie: unequal distances; every fourth or fifth is an avenue. [(place, is avenue)]"""
    place, until_avenue, lines = 0.0, 2, []
    while place <= end:
        until_avenue -= 1
        lines.append((place, until_avenue == 0))
        if until_avenue == 0:
            until_avenue = draw.choice((4, 4, 5))
        place += draw.uniform(least, most)
    return lines


def _ordinal(number):
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


class City:
    """`places`: [(x, y)] of the crossings; `edges`: for each of them where one may drive; `streets`: to draw."""

    def __init__(self, seed):
        draw = random.Random(seed)
        self._phases = [draw.uniform(0, 2 * math.pi) for _ in range(5)]
        self._columns, self._rows = _lines(draw, WIDTH, 75, 150), _lines(draw, HEIGHT, 95, 190)
        self._column_names = [f"{_ordinal(number + 1)} {'Avenue' if avenue else 'Street'}"
                              for number, (_, avenue) in enumerate(self._columns)]
        self._row_names = [f"{_NAMES[number % len(_NAMES)]} {'Avenue' if avenue else 'Street'}"
                           for number, (_, avenue) in enumerate(self._rows)]
        self._park = self._place_park()
        self.places, self.corners, self.edges, self.streets = [], [], [], []
        self._at = {}  # (column, row) -> index of the place
        self._make_places()
        for column in range(len(self._columns)):
            self._make_column(draw, column)
        for row in range(len(self._rows)):
            self._make_row(draw, row)
        self._make_diagonal()
        self.drivable = self._largest_connected()

    # --- the ground ------------------------------------------------------------------------------

    def _bend(self, x, y):
        """No street is quite straight."""
        a, b, c, d, _ = self._phases
        return (x + 55 * math.sin(y / 800 + a) + 22 * math.sin(x / 420 + b),
                y + 70 * math.sin(x / 1000 + c) + 18 * math.sin(y / 380 + d))

    def river(self, x):
        """Where the middle of the river is."""
        phase = self._phases[4]
        return HEIGHT * 0.56 + 230 * math.sin(x / 900 + phase) + 60 * math.sin(x / 330 + 2 * phase)

    def _bank(self, place):
        """1 north of the river, -1 south of it, 0 in the water."""
        away = place[1] - self.river(place[0])
        return 0 if abs(away) < RIVER_HALF + 12 else int(math.copysign(1, away))

    def _place_park(self):
        """(first column, last column, first row, last row): between avenues, south of the river."""
        avenues = [number for number, (_, avenue) in enumerate(self._columns) if avenue]
        rows = [number for number, (_, avenue) in enumerate(self._rows) if avenue]
        middle = len(avenues) // 2
        return avenues[middle], avenues[middle + 1], rows[0], rows[0] + 3

    def _in_park(self, column, row):
        west, east, south, north = self._park
        return west < column < east and south < row < north

    def _make_places(self):
        for column, (x, _) in enumerate(self._columns):
            for row, (y, _) in enumerate(self._rows):
                place = self._bend(x, y)
                if self._bank(place) and not self._in_park(column, row):
                    self._at[column, row] = len(self.places)
                    self.places.append(place)
                    self.corners.append(f"{self._row_names[row]} & {self._column_names[column]}")
                    self.edges.append([])

    # --- the streets -----------------------------------------------------------------------------

    def _join(self, name, nodes, speed, both):
        """One stretch of a street, driven from its first node to its last, or both ways."""
        for here, there in zip(nodes, nodes[1:]):
            length = math.dist(self.places[here], self.places[there])
            self.edges[here].append(Edge(there, length, speed))
            if both:
                self.edges[there].append(Edge(here, length, speed))
        if len(nodes) > 1:
            self.streets.append(Street(name, speed, both, [self.places[node] for node in nodes]))

    def _make_line(self, draw, name, avenue, backwards, cells, crosses_water):
        """A street along `cells`: it ends at the river unless it has a bridge, at the park, and here and there in a block."""
        stretch, before = [], None
        for cell in cells:
            node = self._at.get(cell)
            if node is None:
                if not (crosses_water and avenue) or self._in_park(*cell):
                    stretch = self._end_stretch(name, stretch, avenue, backwards)
                continue
            other_bank = before is not None and self._bank(self.places[before]) != self._bank(self.places[node])
            if other_bank and not (crosses_water and avenue) or not avenue and draw.random() < 0.05:
                stretch = self._end_stretch(name, stretch, avenue, backwards)
            stretch.append(node)
            before = node
        self._end_stretch(name, stretch, avenue, backwards)

    def _end_stretch(self, name, stretch, avenue, backwards):
        self._join(name, stretch[::-1] if backwards else stretch, AVENUE if avenue else STREET, avenue)
        return []

    def _make_column(self, draw, column):
        cells = [(column, row) for row in range(len(self._rows))]
        self._make_line(draw, self._column_names[column], self._columns[column][1], column % 2 == 1, cells, True)

    def _make_row(self, draw, row):
        cells = [(column, row) for column in range(len(self._columns))]
        self._make_line(draw, self._row_names[row], self._rows[row][1], row % 2 == 1, cells, False)

    def _make_diagonal(self):
        """An old road that keeps to no grid, south of the river."""
        stretch = []
        for column, row in zip(range(3, len(self._columns)), range(len(self._rows))):
            node = self._at.get((column, row))
            if node is None or self._bank(self.places[node]) > 0:
                break
            stretch.append(node)
        self._join("Old Road", stretch, AVENUE, True)

    def _largest_connected(self):
        """The places that can all be reached from each other: whoever drives there never gets stuck (Tarjan)."""
        order, low, on_stack, stack, best = {}, {}, set(), [], []
        for root in range(len(self.places)):
            if root in order:
                continue
            work = [(root, iter(self.edges[root]))]
            while work:
                node, edges = work[-1]
                if node not in order:
                    order[node] = low[node] = len(order)
                    stack.append(node)
                    on_stack.add(node)
                for edge in edges:
                    if edge.to not in order:
                        work.append((edge.to, iter(self.edges[edge.to])))
                        break
                    if edge.to in on_stack:
                        low[node] = min(low[node], order[edge.to])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[node])
                    if low[node] == order[node]:
                        first = stack.index(node)
                        group, stack[first:] = stack[first:], []
                        on_stack.difference_update(group)
                        best = max(best, group, key=len)
        inside = set(best)
        for node, edges in enumerate(self.edges):
            self.edges[node] = [edge for edge in edges if node in inside and edge.to in inside]
        return sorted(inside)

    # --- what drivers ask ------------------------------------------------------------------------

    def route(self, start, end):
        """The quickest way: [places behind `start` ... `end`] (A*)."""
        goal = self.places[end]
        best, came, queue = {start: 0.0}, {}, [(0.0, start)]
        while queue:
            _, node = heapq.heappop(queue)
            if node == end:
                break
            for edge in self.edges[node]:
                time = best[node] + edge.length / edge.speed
                if time < best.get(edge.to, math.inf):
                    best[edge.to], came[edge.to] = time, node
                    heapq.heappush(queue, (time + math.dist(self.places[edge.to], goal) / AVENUE, edge.to))
        way = [end]
        while way[-1] != start:
            way.append(came[way[-1]])
        return way[-2::-1]

    @staticmethod
    def geo(x, y):
        """(longitude, latitude)."""
        return (CENTRE[0] + (x - WIDTH / 2) / _METRES_A_DEGREE / math.cos(math.radians(CENTRE[1])),
                CENTRE[1] + (y - HEIGHT / 2) / _METRES_A_DEGREE)

    @staticmethod
    def metres(lon, lat):
        """The reverse of geo()."""
        return ((lon - CENTRE[0]) * _METRES_A_DEGREE * math.cos(math.radians(CENTRE[1])) + WIDTH / 2,
                (lat - CENTRE[1]) * _METRES_A_DEGREE + HEIGHT / 2)

    def drawing(self):
        """What the page needs to draw the city."""
        def rounded(points):
            return [[round(x, 1), round(y, 1)] for x, y in points]

        west, east, south, north = self._park
        border = ([(column, south) for column in range(west, east + 1)] + [(east, row) for row in range(south + 1, north + 1)]
                  + [(column, north) for column in range(east - 1, west - 1, -1)] + [(west, row) for row in range(north - 1, south, -1)])
        return {"width": WIDTH, "height": HEIGHT, "riverWidth": 2 * RIVER_HALF,
                "river": rounded((x, self.river(x)) for x in range(-600, WIDTH + 601, 60)),
                "park": rounded(self._bend(self._columns[column][0], self._rows[row][0]) for column, row in border),
                "streets": [{"name": street.name, "avenue": street.both, "points": rounded(street.points)}
                            for street in self.streets]}
