#!/usr/bin/env python3
"""penstock lag and penstock replay, beside a bridge that runs, against a real Kafka."""
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time

from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.child import Child
from harness.kafka import frame
from harness.penstock import PROGRAM

PARTITIONS, RECORDS, MORE = 3, 30000, 200
SEEN = 'RPUSH seen:%{$partition} %{$offset}'
HOUR_MS, BORN_MS = 3600000, 1_700_000_000_000


def penstock(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def fill(run, kafka, topic, count, first=0):
    """Record n of all is of n seconds after BORN_MS."""
    producer = run.producer(kafka)
    producer.send(topic, b"".join(frame(Record(n % PARTITIONS, b"k%d" % n, b"%d" % n, (), BORN_MS + n * 1000))
                                  for n in range(first, first + count)))
    producer.close()


def lag(path, *words, status=0):
    """What lag --json says."""
    got, out, err = penstock("lag", "-c", path, "--json", *words)
    expect_equal(got, status, f"status of lag {words}: {out}{err}")
    answer = json.loads(out)
    expect_equal(answer["status"], status, "its own status")
    return answer


def seen(redis):
    return {partition: [int(n) for n in redis.ask("LRANGE", f"seen:{partition}", 0, -1)]
            for partition in range(PARTITIONS)}


def the_lag_is_what_the_group_has_not_committed(run):
    """Before, while and after a bridge runs; the status of --max-lag."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    fill(run, kafka, run.topic, RECORDS)
    text = conf(kafka, redis.url, run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"], format="raw")])
    bridge = run.penstock(text)
    path = bridge.conf_path
    wait_until(lambda: lag(path)["lag"] == 0, 60, lambda: f"lag 0: {lag(path)}")
    expect_equal(penstock("lag", path, "--max-lag", 0)[0], 0, "status")
    bridge.stop()
    before = kafka.committed(run.group, run.topic)
    fill(run, kafka, run.topic, MORE, RECORDS)
    answer = lag(path, "--max-lag", MORE)
    expect_equal((answer["lag"], answer["unknown"]), (MORE, 0), "lag")
    lag(path, "--max-lag", MORE - 1, status=1)
    born_ms = BORN_MS + RECORDS * 1000
    for row in answer["partitions"]:
        expect_equal((row["committed"], row["position"]), (before[row["partition"]],) * 2, "position")
        expect_equal(row["end"] - row["lag"], row["committed"], "end")
        expect(0 < time.time() * 1000 - row["behind_ms"] - born_ms < HOUR_MS, f"the age of the first record: {row}")
    status, out, _ = penstock("lag", path)
    expect(status == 0 and f"lag {MORE} in 3 partitions" in out and "COMMITTED" in out, out)
    expect_equal(kafka.committed(run.group, run.topic), before, "commits")
    latest = os.path.join(run.folder, "latest.conf")
    with open(latest, "w", encoding="utf-8") as file:
        file.write(text.replace('"earliest"', '"latest"').replace(run.group, run.group + ".none"))
    answer = lag(latest, "--max-lag", 10 ** 9, status=1)
    expect_equal((answer["lag"], answer["unknown"]), (None, PARTITIONS), "unknown is not 0")


def of_an_exactly_once_route_the_checkpoint_counts(run):
    """Killed before it committed in Kafka."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    fill(run, kafka, run.topic, RECORDS)
    bridge = run.penstock(conf(kafka, redis.url, run.group, [
        route("once", run.topic, ["INCR n"], delivery="exactly_once")], source='commit_interval = "60s";'))
    wait_until(lambda: int(redis.ask("GET", "n") or 0) == RECORDS, 60, "all is written")
    bridge.kill()
    answer = lag(bridge.conf_path, "--max-lag", 0)
    expect_equal(answer["lag"], 0, "lag")
    for row in answer["partitions"]:
        expect_equal((row["checkpoint"], row["position"]), (row["end"],) * 2, f"{row}")
        trails = row["committed"] is None or row["committed"] < row["end"]
        expect((row["note"] is not None) == trails, f"it says that the commit trails: {row}")
    status, _, err = penstock("replay", bridge.conf_path, "--from", "start")
    expect(status == 1 and "is exactly_once" in err, f"{status}: {err}")
    status, _, err = penstock("replay", bridge.conf_path, "--from", "start", "--allow-repeats")
    expect(status == 1 and "is exactly_once" in err, f"{status}: {err}")
    expect_equal(int(redis.ask("GET", "n")), RECORDS, "nothing was written")
    redis.stop()
    answer = lag(bridge.conf_path)
    expect(all("could not be read" in row["note"] for row in answer["partitions"]), f"{answer}")


def a_replay_beside_the_bridge_leaves_the_group_alone(run):
    """A stop prints the command that goes on; both together are the whole range."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    fill(run, kafka, run.topic, RECORDS)
    bridge = run.penstock(conf(kafka, redis.url, run.group, [
        route("seen", run.topic, [SEEN]), route("set", run.topic, ["SET k:%{$key} %{$value}"], format="raw")]))
    wait_until(lambda: lag(bridge.conf_path)["lag"] == 0, 60, "the bridge has done all")
    committed, rebalances = kafka.committed(run.group, run.topic), _rebalances(bridge)
    status, _, err = penstock("replay", bridge.conf_path, "--from", "start")
    expect(status == 1 and "route 'seen': a second RPUSH" in err and "--allow-repeats" in err, f"{status}: {err}")
    expect_equal(sum(map(len, seen(redis).values())), RECORDS, "nothing was replayed")
    redis.ask("FLUSHALL")
    replay = Child([PROGRAM, "replay", "-c", bridge.conf_path, "--from", "start", "--allow-repeats", "--rate", "2k/s"],
                   os.path.join(run.folder, "replay.log"), stdout=subprocess.PIPE)
    wait_until(lambda: "msg=\"replaying\" percent=" in replay.log_text(), 60, lambda: f"lines of the log: {replay.log_text()}")
    expect(sum(map(len, seen(redis).values())) > RECORDS / 10, "it replays")
    expect_equal(kafka.committed(run.group, run.topic), committed, "commits while it replays")
    replay.signal(signal.SIGINT)
    expect_equal(replay.wait(20), 1, "status of a replay that was stopped")
    command = shlex.split(replay.process.stdout.read().decode())
    replay.forget()
    part = seen(redis)
    expect(sum(map(len, part.values())) < RECORDS, "it was stopped before its end")
    expect_equal(command[:2], ["penstock", "replay"], f"{command}")
    status, _, err = penstock(*command[1:command.index("--rate")], *command[command.index("--rate") + 2:])
    expect(status == 0 and "penstock: replayed " in err, f"{status}: {err}")
    for partition, offsets in seen(redis).items():
        expect_equal(sorted(set(offsets)), list(range(RECORDS // PARTITIONS)), f"offsets of {partition}")
    again = sum(map(len, seen(redis).values())) - RECORDS
    run.note(f"{sum(map(len, part.values()))} before the stop, {again} twice")
    expect_equal(again, 0, "a clean stop repeats nothing")
    expect_equal(redis.ask("DBSIZE"), RECORDS + PARTITIONS, "keys of the other route")
    expect_equal(kafka.committed(run.group, run.topic), committed, "commits")
    expect_equal(_rebalances(bridge), rebalances, "rebalances of the bridge")
    fill(run, kafka, run.topic, MORE, RECORDS)
    wait_until(lambda: sum(map(len, seen(redis).values())) == RECORDS + MORE, 60, "the bridge goes on")


def _rebalances(bridge):
    return bridge.scrape().total("penstock_kafka_rebalances_total")


def a_range_is_chosen_by_time_offset_and_route(run):
    """And a dry run writes nothing."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    fill(run, kafka, run.topic, 3000)
    path = os.path.join(run.folder, "replay.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(conf(kafka, redis.url, run.group, [
            route("set", run.topic, ["SET k:%{$key} %{$value}"], format="raw", ttl="1h"),
            route("other", run.topic, ["SET o:%{$key} %{$value}"], format="raw")]))
    at = time.strftime("@%Y-%m-%dT%H:%M:%SZ", time.gmtime(BORN_MS / 1000 + 1500))
    words = ["replay", path, "--route", "set", "--from", at]
    status, out, err = penstock(*words, "--dry-run")
    expect(status == 0 and "1500 offsets would be replayed" in out and "SET k:k1500 1500 PX 3600000" in out
           and "the ttl of its keys begins again" in err and " o:" not in out, f"{status}: {out}{err}")
    expect_equal(redis.ask("DBSIZE"), 0, "keys after a dry run")
    status, out, err = penstock(*words)
    expect(status == 0 and not out and "replayed 1500 of 1500 offsets" in err and "1500 written" in err, f"{status}: {out}{err}")
    expect_equal(redis.ask("DBSIZE"), 1500, "keys")
    expect_equal(redis.ask("EXISTS", "k:k1499", "k:k1500"), 1, "the first one")
    redis.ask("FLUSHALL")
    status, _, err = penstock("replay", path, "--topic", run.topic, "--partition", 1, "--from", 10, "--to", 20)
    expect(status == 0, f"{status}: {err}")
    expect_equal(sorted(redis.ask("KEYS", "o:*")), sorted(b"o:k%d" % (n * 3 + 1) for n in range(10, 20)), "keys")
    expect_equal(set(kafka.committed(run.group, run.topic).values()), {0}, "commits")


def a_terminal_has_a_line_that_moves(run):
    """Per cent, rate and the time that is left; lines of the log take its place."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    fill(run, kafka, run.topic, 3000)
    path = os.path.join(run.folder, "terminal.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(conf(kafka, redis.url, run.group, [route("set", run.topic, ["SET k:%{$key} %{$value}"], format="raw")]))
    master, slave = pty.openpty()
    with subprocess.Popen([PROGRAM, "replay", path, "--from", "start", "--rate", "1k/s"], stdout=slave, stderr=slave) as child:
        child.wait(30)
    os.close(slave)
    said = b""
    while select.select([master], [], [], 0)[0]:
        try:
            said += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    lines = re.findall(r"\r\x1b\[K *(\d+) %  \S+ of 3000 offsets  (\S+)/s  (\S+ \w+) left\r", said.decode())
    expect(len(lines) >= 3, f"lines: {said!r}")
    parts = [int(part) for part, _, _ in lines]
    expect(parts == sorted(parts) and 0 < parts[0] < parts[-1] <= 100, f"per cent: {lines}")
    expect("replayed 3000 of 3000 offsets" in said.decode() and "level=info" not in said.decode(), f"{said!r}")


def slips_are_told(run):
    """Malformed options, and what does not fit."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    path = os.path.join(run.folder, "slips.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(conf(kafka, redis.url, run.group, [route("set", run.topic, ["SET k:%{$key} %{$value}"], format="raw")]))
    for words, wanted, said in (
            (["replay"], 64, "from where?"),
            (["replay", "--from", "noon"], 64, "--from takes start, end, an offset, or a time"),
            (["replay", "--from", "@2026-13-01"], 64, "--from takes"),
            (["replay", "--from", "-1"], 64, "--from takes"),
            (["replay", "--from", "start", "--to", "yesterday"], 64, "--to takes"),
            (["replay", "--from", "20", "--to", "10"], 64, "--to lies before --from"),
            (["replay", "--from", "start", "--rate", "fast"], 64, "--rate takes a number of records a second"),
            (["replay", "--from", "start", "--rate", "0"], 64, "--rate takes"),
            (["replay", "--from", "start", "--partition", "x"], 64, "--partition takes"),
            (["replay", "--range", "rides:1:5"], 64, "--range takes TOPIC:PARTITION:FROM-TO"),
            (["replay", "--range", "rides:1:9-5"], 64, "--range takes"),
            (["replay", "--range", "rides:1:5-9", "--from", "start"], 64, "--range goes without --from"),
            (["replay", "--range", "rides:1:5-9", "--range", "rides:2:0-1", "--range", "rides:1:12-15"], 64,
             "one --range for each partition"),
            (["replay", "--from", "start", "--route", "sett"], 64, "did you mean 'set'?"),
            (["replay", "--from", "start", "--topic", "other"], 64, "no route reads such a topic"),
            (["replay", "--from", "start", "--partition", "9"], 64, "no route reads such a partition"),
            (["replay", "--range", f"{run.topic}:9:0-1"], 64, "no route reads such a partition"),
            (["replay", "--from", "5"], 64, "an offset is of one partition, and there are 3"),
            (["replay", "--from", "start"], 0, "there is nothing to replay"),
            (["replay", "--from", "start", "more.conf"], 64, "one configuration at a time"),
            (["lag", "--max-lag", "few"], 64, "--max-lag takes a number of records"),
            (["lag", "--topic", "other"], 64, "no route reads topic 'other'"),
            (["lag", "more.conf"], 64, "one configuration at a time")):
        status, out, err = penstock(words[0], "-c", path, *words[1:])
        expect(status == wanted and said in err, f"{words}: {status}: {out}{err}")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(kafka.brokers, "127.0.0.1:9"))
    status, _, err = penstock("lag", path)
    expect(status == 69 and "127.0.0.1:9" in err and "refused" in err, f"Kafka is away: {status}: {err}")



main(the_lag_is_what_the_group_has_not_committed, of_an_exactly_once_route_the_checkpoint_counts,
     a_replay_beside_the_bridge_leaves_the_group_alone, a_range_is_chosen_by_time_offset_and_route,
     a_terminal_has_a_line_that_moves, slips_are_told)
