"""How a scenario runs: its folder, its servers, its clock, and what is shown when it fails."""
import argparse
import os
import random
import shutil
import sys
import threading
import time
import traceback

from .check import Failure, expect
from .child import BUILD, end_all
from .kafka import Kafka, Producer
from .penstock import Penstock
from .redis import Redis


class Background(threading.Thread):
    """Work beside the scenario, whose failure join() raises."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.failure = work, None
        self.start()

    def run(self):
        try:
            self.work()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def join(self, timeout=120):
        super().join(timeout)
        expect(not self.is_alive(), f"still at work after {timeout} s")
        if self.failure:
            raise self.failure


class Run:
    """One test of a scenario: makes what it needs, ends it, remembers what was done when."""

    def __init__(self, name, seed):
        self.name = name
        self.seed = seed
        self.random = random.Random(f"{name}/{seed}")
        self.folder = os.path.join(BUILD, "e2e", name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.began = time.monotonic()
        self.timeline = []
        self.made = []  # in the order of their start
        self.topic = f"{name}.{os.getpid()}"
        self.group = f"penstock.{self.topic}"

    def note(self, what):
        """A line of the timeline: a fault, or a step."""
        self.timeline.append(f"{time.monotonic() - self.began:7.2f} s  {what}")

    def _keep(self, thing):
        self.made.append(thing)
        return thing

    def kafka(self, shared=True, secure=None, token=False):
        return self._keep(Kafka(self.folder, shared and not secure and not token, secure=secure, token=token))

    def redis(self, *options, aof=False):
        return self._keep(Redis(self.folder, *options, aof=aof))

    def producer(self, kafka, *properties):
        return Producer(kafka, self.folder, *properties)

    def penstock(self, conf, name="penstock", wait=True, **options):
        self.note(f"start {name}")
        return self._keep(Penstock(self.folder, conf, name, wait, **options))

    def background(self, work, *words, **named):
        """Runs `work` beside the scenario; join() the answer to wait for it and see its failure."""
        return Background(lambda: work(*words, **named))

    def end(self):
        for thing in reversed(self.made):
            thing.stop()

    def balanced(self):
        """Every scrape of every penstock added up."""
        for thing in self.made:
            if isinstance(thing, Penstock):
                expect(thing.scrapes() > 0, f"{thing.name}: was never scraped")
                expect(not thing.broken_scrapes(), "; ".join(thing.broken_scrapes()[:5]))

    def show(self):
        print(f"  seed {self.seed}; all files are in {self.folder}")
        for line in self.timeline:
            print("  " + line)
        for thing in self.made:
            if isinstance(thing, Penstock):
                print(f"  the last lines of {thing.log_path}:")
                for line in thing.log().splitlines()[-25:]:
                    print("    " + line)


def _run_one(test, scenario, seed, keep):
    name = f"{scenario}.{test.__name__}"
    run = Run(name, seed)
    print(f"{name}: {test.__doc__.strip().splitlines()[0]}", flush=True)
    good = False
    try:
        test(run)
        run.balanced()
        good = True
    except Failure as failure:
        print(f"  FAILED: {failure}")
    except Exception:  # pylint: disable=broad-except
        print("  FAILED:")
        traceback.print_exc(file=sys.stdout)
    if not good:
        run.show()
    try:
        run.end()
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
    end_all()
    for line in run.timeline if good else []:
        print("  " + line)
    print(f"  {'ok' if good else 'FAILED'} after {time.monotonic() - run.began:.1f} s", flush=True)
    if good and not keep:
        shutil.rmtree(run.folder, ignore_errors=True)
    return good


def main(*tests):
    """Runs the tests of one file; the last line is "N passed, N failed"."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("PENSTOCK_TEST_SEED", "1")))
    parser.add_argument("--keep", action="store_true", help="keep the folder of a test that passed")
    parser.add_argument("only", nargs="*", help="names, or parts of them, of the tests to run")
    options = parser.parse_args()
    scenario = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    wanted = [test for test in tests
              if not options.only or any(part in test.__name__ for part in options.only)]
    results = [_run_one(test, scenario, options.seed, options.keep) for test in wanted]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(0 if results and all(results) else 1)
