#!/usr/bin/env python3
"""The judge sees what is wrong: each test breaks one thing in a run that was good."""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from stage import judge  # noqa: E402
from stage.judge import Target  # noqa: E402
from stage.oracle import Oracle  # noqa: E402

PARTITIONS, KEYS, RECORDS = 3, 7, 200


class Good:
    """A run in which everything went well."""

    def __init__(self):
        self.oracle = Oracle("topic", PARTITIONS, KEYS, random.Random(1), "/nonexistent")
        for _ in range(RECORDS):
            self.oracle.add(self.oracle.json_record())
        self.acknowledged = {partition: dict(enumerate(records))
                             for partition, records in enumerate(self.oracle.partitions)}
        self.ends = self.oracle.ends()
        self.target = Target()
        for partition, records in self.acknowledged.items():
            for offset, record in records.items():
                self.apply(partition, offset, record)

    def apply(self, partition, offset, record):
        """What the trace route does."""
        target, key = self.target, record.key
        target.streams.setdefault(partition, []).append((offset, key, record.value))
        target.lists.setdefault(key, []).append(judge.content(record, "seq"))
        target.last[key] = record.value
        target.sums[key] = target.sums.get(key, 0) + judge.content(record, "n")


def verdicts(run, limit=0, committed=None):
    """The names of the invariants that the judge finds broken."""
    committed = run.ends if committed is None else committed
    found = {
        "I1": judge.no_loss(run.acknowledged, run.target, committed),
        "I2": judge.drained(run.acknowledged, run.target, committed, run.ends),
        "I3": judge.order(run.acknowledged, run.target) + judge.skips(run.acknowledged, run.target),
        "I4": judge.duplicates(run.acknowledged, run.target, limit),
        "I5": judge.integrity(run.acknowledged, run.target, run.oracle.records),
    }
    return {name for name, wrong in found.items() if wrong}


def a_good_run_has_nothing_wrong(run):
    return verdicts(run) == set()


def a_record_that_is_missing_below_the_commit_is_a_loss(run):
    del run.target.streams[1][10]
    return {"I1", "I2"} <= verdicts(run)


def a_record_that_is_missing_above_the_commit_is_no_loss_yet(run):
    del run.target.streams[1][10]
    return "I1" not in verdicts(run, committed={**run.ends, 1: 10}) and "I2" in verdicts(run)


def a_commit_that_stays_behind_is_not_drained(run):
    return verdicts(run, committed={**run.ends, 0: 5}) == {"I2"}


def a_missing_push_is_seen_where_the_stream_is_whole(run):
    del run.target.lists[b"k3"][2]
    return verdicts(run) == {"I2"}


def an_increment_too_few_is_seen(run):
    run.target.sums[b"k3"] -= 1
    return verdicts(run) == {"I2"}


def an_increment_too_many_is_seen(run):
    run.target.sums[b"k3"] += 1
    return verdicts(run) == {"I4"}


def a_record_that_came_twice_is_seen(run):
    run.target.streams[2].insert(8, run.target.streams[2][7])
    return verdicts(run) == {"I4"}


def a_record_that_came_twice_is_allowed_after_a_fault(run):
    run.target.streams[2].insert(8, run.target.streams[2][7])
    return verdicts(run, limit=1) == set()


def more_repeats_than_the_fault_explains_are_seen(run):
    run.target.streams[2][8:8] = run.target.streams[2][4:8]
    return "I4" in verdicts(run, limit=3) and "I4" not in verdicts(run, limit=4)


def two_records_of_a_partition_in_the_wrong_order_are_seen(run):
    entries = run.target.streams[0]
    entries[5], entries[6] = entries[6], entries[5]
    return verdicts(run) == {"I3"}


def two_records_of_a_key_in_the_wrong_order_are_seen(run):
    sequence = run.target.lists[b"k0"]
    sequence[1], sequence[2] = sequence[2], sequence[1]
    return verdicts(run) == {"I3"}


def a_repeat_that_passes_records_over_is_seen(run):
    run.target.streams[0][9:9] = [run.target.streams[0][3], run.target.streams[0][6]]
    return verdicts(run, limit=2) == {"I3"}


def an_old_value_that_came_last_is_seen(run):
    run.target.last[b"k4"] = run.oracle.partitions[4 % PARTITIONS][0].value
    return "I3" in verdicts(run)


def a_changed_byte_is_seen(run):
    offset, key, value = run.target.streams[1][3]
    run.target.streams[1][3] = (offset, key, value[:-3] + b"y" + value[-2:])
    return verdicts(run) == {"I5"}


def a_value_under_another_offset_is_seen(run):
    (offset, *_), (_, *other) = run.target.streams[1][3:5]
    run.target.streams[1][3] = (offset, *other)
    return "I5" in verdicts(run)


def a_record_that_nobody_sent_is_seen(run):
    run.target.streams[1].append((10_000, b"k1", b"{}"))
    return "I5" in verdicts(run)


def a_key_that_nobody_sent_is_seen(run):
    run.target.sums[b"k99"] = 0
    return verdicts(run) == {"I5"}


def a_record_that_was_sent_and_not_acknowledged_may_arrive(run):
    del run.acknowledged[1][max(run.acknowledged[1])]
    return "I5" not in verdicts(run)


def a_committed_offset_that_falls_is_seen(_run):
    return (judge.commits([{0: 5, 1: 2}, {0: 4, 1: 2}]) != []
            and judge.commits([{0: 5}, {1: 1}, {0: 5, 1: 1}]) == [])


def a_payload_in_the_log_is_seen(_run):
    return judge.quiet("level=info msg=payload-12", ["payload-12"]) != []


def a_flood_of_lines_is_seen(_run):
    line = 'ts=2026-01-31T10:00:0{}.123Z level=warn msg="away" waiting={}\n'
    flood = "".join(line.format(number % 10, number) for number in range(100))
    few = "".join(line.format(number, number) for number in range(10))
    return judge.quiet(flood, []) != [] and judge.quiet(few, []) == []


def main():
    tests = [test for name, test in globals().items()
             if callable(test) and name.split("_")[0] in ("a", "an", "two", "more")]
    failed = [test.__name__ for test in tests if not test(Good())]
    for name in failed:
        print(f"FAIL {name}")
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
