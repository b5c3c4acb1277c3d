"""The register of rows: every scenario of the catalogue, by its id."""
import re
from dataclasses import dataclass
from typing import Callable

ROWS = {}


class Void(Exception):
    """The fault did not really happen: the row has shown nothing (I13)."""


class Cannot(Exception):
    """This machine lacks what the row needs; says what."""


@dataclass
class Row:
    """One scenario."""
    name: str
    seconds: int  # it may take
    invariants: list  # that it must at least have judged
    test: Callable
    quick: bool  # part of scripts/test without arguments
    delivery: str = "at_least_once"

    @property
    def text(self):
        text = " ".join(self.test.__doc__.split())
        return text + (f" ({self.delivery})" if self.delivery != "at_least_once" else "")


def row(name, invariants, seconds=60, quick=False, both=False, delivery="at_least_once"):
    """Registers a scenario under `name`; `invariants` are numbers, "1 3 4". With `both` it also
    runs with exactly-once delivery, under its name with an x."""

    def register(test):
        if name in ROWS:
            raise ValueError(f"two rows are named {name}")
        judged = [f"I{number}" for number in invariants.split()]
        ROWS[name] = Row(name, seconds, judged, test, quick, delivery)
        if both:
            ROWS[name + "x"] = Row(name + "x", seconds, judged, test, quick, "exactly_once")
        return test

    return register


def in_order():
    """All rows: A1, A2, ... A14, B1 ..."""

    def place(name):
        family, number, rest = re.fullmatch(r"([A-Z])(\d+)(.*)", name).groups()
        return family, int(number), rest

    return [ROWS[name] for name in sorted(ROWS, key=place)]
