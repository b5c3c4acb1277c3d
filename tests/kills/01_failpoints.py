#!/usr/bin/env python3
"""kill -9 at each failpoint: what was committed is in Redis, and all comes out right in the end.

The processes are those of the preset "faults". PENSTOCK_TEST_ROUNDS is how often each point is hit
(default 3), each time at another pass; 0: a few points once.
"""
import os
import signal
import subprocess

from harness import expect, expect_equal, main
from harness.child import SOURCE
from harness.penstock import PROGRAM as RELEASE
from herd import Herd

ROUNDS = int(os.environ.get("PENSTOCK_TEST_ROUNDS", "3"))
PROGRAM = os.path.join(SOURCE, "build-faults", "penstock")
PER_SECOND = 3000

POISON = 0.005  # the share of records that become dead letters

# name: the highest pass at which it kills
POINTS = {
    "after-fetch": 20,
    "after-encode": 2000,
    "after-send": 100,
    "after-reply": 8000,
    "in-dlq": 20,
    "after-letter": 20,
    "before-commit": 4,
    "after-commit": 4,
    "in-revoke": 2,
}
# Those that only a claim and its units pass.
EXACT_POINTS = {
    "after-claim": 4,  # as many partitions as it has
    "before-exec": 60,
    "after-exec": 60,
}
QUICK = ("after-send", "after-reply", "in-dlq", "before-commit", "after-commit")
EXACT_QUICK = ("after-claim", "before-exec", "after-exec", "after-letter", "in-revoke")


def a_wrong_name_ends_the_start(run):
    """A test cannot wait for a kill that never comes; the release binary knows nothing of it."""
    for text in ("after-sned:1", "after-send", "after-send:0"):
        done = start_with(PROGRAM, text)
        expect_equal(done.returncode, 64, f"exit status with {text}")
        expect("PENSTOCK_FAILPOINT" in done.stderr, f"it says {done.stderr!r}")
    done = start_with(PROGRAM, "")
    names = [line.split()[1].replace("_", "-") for line in done.stderr.splitlines()]
    expect_equal(set(names), set(POINTS) | set(EXACT_POINTS),
                 "the failpoints of the program, and those of this test")
    expect_equal(start_with(RELEASE, "after-sned:1").returncode, 0, "an ordinary build")


def start_with(program, text):
    return subprocess.run([program, "version"], env={**os.environ, "PENSTOCK_FAILPOINT": text},
                          capture_output=True, text=True, check=False, timeout=20)


def at_least_once_survives_each_point(run):
    """0 lost, order kept, and no more repeats than were uncommitted at the kills."""
    herd = kill_at_each_point(run, "at_least_once", POINTS, QUICK)
    expect(herd.finish() > 0, "no kill hit a record in flight: the test shows nothing")


def exactly_once_survives_each_point(run):
    """0 lost, 0 twice: at each kill Redis holds what the records below its checkpoint make, and
    nothing else."""
    kill_at_each_point(run, "exactly_once", POINTS | EXACT_POINTS, EXACT_QUICK).finish()


def kill_at_each_point(run, delivery, passes, quick):
    herd = Herd(run, delivery, PER_SECOND, POISON)
    victim = herd.member("one", program=PROGRAM, wait=False)
    other = herd.member("two", program=PROGRAM)
    points = list(passes) * ROUNDS or list(quick)
    run.random.shuffle(points)
    victim.kill()
    herd.judge_kill("before the first point", [victim])
    for point in points:
        fate = f"{point}:{run.random.randint(1, passes[point])}"
        (kill_in_revoke if point == "in-revoke" else kill_at)(herd, victim, other, fate)
    victim.env = None
    victim.start()
    return herd


def kill_at(herd, victim, _other, fate):
    """Starts the victim with its fate, and waits for it."""
    victim.env = {"PENSTOCK_FAILPOINT": fate}
    victim.start(wait=False)
    expect_killed_itself(victim, fate)
    herd.judge_kill(fate, [victim])


def kill_in_revoke(herd, victim, other, fate):
    """The other one dies, and Kafka notices: the partitions of both are dealt anew."""
    victim.env = {"PENSTOCK_FAILPOINT": fate}
    victim.start(wait=False)
    victim.wait_flowing()
    other.kill()
    expect_killed_itself(victim, fate)
    herd.judge_kill(fate, [victim, other])
    other.start(wait=False)


def expect_killed_itself(victim, fate):
    status = victim.child.wait(30)
    expect_equal(status, -signal.SIGKILL, f"what ended the process that had to die at {fate}")
    victim.kill()


if __name__ == "__main__":
    main(a_wrong_name_ends_the_start, at_least_once_survives_each_point,
         exactly_once_survives_each_point)
