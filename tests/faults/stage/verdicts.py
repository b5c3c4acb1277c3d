"""What is said of one row: its timeline, and good or bad of each invariant."""
import time

from .row import Void


class Verdicts:
    """The timeline and the verdicts of a row."""

    def __init__(self, row):
        self.row = row
        self.began = time.monotonic()
        self.timeline, self.verdicts = [], {}

    def note(self, what):
        self.timeline.append(f"{time.monotonic() - self.began:7.2f} s  {what}")

    def verdict(self, invariant, wrong, text):
        """`wrong`: a list of what does not hold; `text`: what was looked at."""
        bad, good = self.verdicts.setdefault(invariant, ([], []))
        bad.extend(wrong)
        if not wrong and text not in good:
            good.append(text)

    def check(self, invariant, condition, text):
        """A verdict of the row's own: `text` says what must hold."""
        self.verdict(invariant, [] if condition else [f"not so: {text}"], text)

    def failures(self):
        """Every verdict that is bad, and every one that the row promised and did not give."""
        wrong = [f"{name}: {what}" for name, (bad, _) in self.verdicts.items() for what in bad]
        wrong += [f"{name}: was not judged" for name in self.row.invariants
                  if name not in self.verdicts]
        if "I13" not in self.verdicts and not wrong:
            raise Void("no fault was seen to happen")
        return wrong
