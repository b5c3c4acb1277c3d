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
    alone: bool  # it stops and kills Kafka: it gets one that nobody else needs

    @property
    def text(self):
        return " ".join(self.test.__doc__.split())


def row(name, invariants, seconds=60, quick=False, alone=False):
    """Registers a scenario under `name`; `invariants` are numbers, "1 3 4"."""

    def register(test):
        if name in ROWS:
            raise ValueError(f"two rows are named {name}")
        ROWS[name] = Row(name, seconds, [f"I{number}" for number in invariants.split()], test,
                         quick, alone)
        return test

    return register


def in_order():
    """All rows: A1, A2, ... A14, B1 ..."""

    def place(name):
        family, number, rest = re.fullmatch(r"([A-Z])(\d+)(.*)", name).groups()
        return family, int(number), rest

    return [ROWS[name] for name in sorted(ROWS, key=place)]
