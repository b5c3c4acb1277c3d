#!/usr/bin/env python3
"""What a user types: check --online, explain, mock with kcat, the quick start, and their exit statuses."""
import glob
import json
import os
import re
import signal
import socket
import subprocess
import time

from harness import conf, expect, expect_equal, main, route
from harness.child import SOURCE, Child, free_port
from harness.check import wait_until
from harness.penstock import PROGRAM


ROUTES = """version = 1; max_record = "1KiB";
sources = { main = { brokers = "nowhere:9092"; group = "g"; }; };
sinks = { live = { url = "redis://nowhere"; }; };
routes = (
  { name = "ids"; from = "main"; topics = [ "ids" ]; format = "json"; to = "live"; when = "!has(kind)";
    do = "HSET k:%{id} fare %{fare}"; },
  { name = "raw"; from = "main"; topics = [ "raw" ]; to = "live"; do = "SET k:%{$key} %{$value}";
    del = "UNLINK k:%{$key}"; }
);"""


def penstock(*words, stdin=""):
    done = subprocess.run([PROGRAM, *map(str, words)], input=stdin, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def write(run, name, text):
    path = os.path.join(run.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def check_online_asks_both_servers(run):
    """Topics, the group, and each command's permission."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 3)
    redis.ask("ACL", "SETUSER", "narrow", "on", ">pw", "~ride:*", "+@all")
    text = conf(kafka, redis.url, run.group, [route("rides", run.topic, ["SET ride:%{$key} x"])],
                sink='username = "narrow"; password = "pw";')
    status, out, err = penstock("check", "--online", write(run, "good.conf", text))
    expect_equal(status, 0, f"exit status; {out}{err}")
    expect("may run: SET ride:0 x" in out and run.topic in out, f"findings: {out}")
    wrong = text.replace("SET ride:", "UNLINK other:").replace(" x\"", "\"")
    status, out, _ = penstock("check", "--online", write(run, "wrong.conf", wrong))
    expect(status == 69 and "UNLINK" in out and "pw" not in out.split(), f"{status}: {out}")
    redis.ask("ACL", "SETUSER", "narrow", "-xrange")
    stream = text.replace("SET ride:%{$key} x", "XADD ride:%{$partition} %{$offset}-1 a b")
    status, out, _ = penstock("check", "--online", write(run, "stream.conf", stream))
    expect(status == 69 and "error: XRANGE ride:0 1 1 COUNT 1: " in out, f"{status}: {out}")
    redis.stop()
    status, out, _ = penstock("check", "--online", write(run, "good.conf", text))
    expect(status == 69 and "error" in out, f"{status}: {out}")


def explain_needs_no_server(run):
    """The README's own configuration, a record that fits and one that does not."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        text = re.search(r"```conf\n(version = 1;.*?)```", file.read(), re.S).group(1)
    path = write(run, "readme.conf", text)
    expect_equal(penstock("check", path)[0], 0, "the README's configuration")
    status, out, _ = penstock("explain", "-c", path, "driver_geo",
                              stdin='{"driver_id":"d1","city":"scl","lat":-33.4,"lon":-70.6,'
                                    '"status":"free"}\n')
    expect(status == 0 and "GEOADD drivers:scl -70.6 -33.4 d1\n" in out, f"{status}: {out}")
    status, out, _ = penstock("explain", "-c", path, "ride_status", "--key", "r 1", "--tombstone")
    expect(status == 0 and 'UNLINK "ride:r 1"\n' in out, f"{status}: {out}")
    status, out, _ = penstock("explain", "-c", path, "driver_geo", "--value", "{}")
    expect(status == 65 and "missing field" in out, f"{status}: {out}")


def _explained(path, *words, stdin=""):
    """The exit status, and the one document of explain --json."""
    status, out, err = penstock("explain", "-c", path, "--json", *words, stdin=stdin)
    expect(out.endswith("\n") and out.count("\n") == 1 and not err, f"one line: {out!r} {err!r}")
    return status, json.loads(out)


def explain_as_json_says_the_same(run):
    """Good records, bad ones, and those that a route passes by."""
    path = write(run, "json.conf", ROUTES)
    status, answer = _explained(path, "ids", stdin='{"id":9223372036854775807,"fare":1.50}\n')
    expect_equal((status, answer["commands"], answer["fields"][1]),
                 (0, [["HSET", "k:9223372036854775807", "fare", "1.50"]],
                  {"name": "id", "found": True, "value": 2 ** 63 - 1}), "64 bits")
    text = penstock("explain", "-c", path, "ids", "--value", '{"id":1,"fare":1.50}')[1]
    _, answer = _explained(path, "ids", "--value", '{"id":1,"fare":1.50}')
    expect(f"  command   {' '.join(answer['commands'][0])}\n" in text, f"as the text: {text}")
    for value, wanted in (("", "decode"), ("{}", "template"), ('{"id":1', "decode"),
                          ("x" * 1025, "limit")):
        status, answer = _explained(path, "ids", "--value", value)
        expect_equal((status, answer["outcome"], answer["error"]["stage"], answer["commands"]),
                     (65, "held", wanted, []), f"{value[:9]!r}")
        expect_equal(penstock("explain", "-c", path, "ids", "--value", value)[0], 65, "as text")
    for words, outcome in ((["--value", '{"kind":"x"}'], "filtered"), (["--tombstone"], "filtered"),
                           (["--value", "{}", "--topic", "other"], "not_taken")):
        status, answer = _explained(path, "ids", *words)
        expect_equal((status, answer["matched"], answer["outcome"]), (0, False, outcome), f"{words}")
    _, answer = _explained(path, "raw", "--key", b"\xfe".decode(errors="surrogateescape"),
                           stdin="\x00\x1b\n")
    expect_equal((answer["commands"], answer["keys"]),
                 ([["SET", {"base64": "azr+"}, "\x00\x1b"]], [{"base64": "azr+"}]), "bytes")


def the_reference_names_what_json_says(run):
    """docs/reference/explain.md: the example has the names of an answer, and the table too."""
    with open(os.path.join(SOURCE, "docs/reference/explain.md"), encoding="utf-8") as file:
        page = file.read()
    example = json.loads(re.search(r"```json\n(.*?)```", page, re.S).group(1))
    path = write(run, "json.conf", ROUTES)
    _, answer = _explained(path, "ids", "--value", '{"id":1,"fare":2}')
    expect_equal(list(answer), list(example), "names, in order")
    for part in ("fields", "conditions"):
        expect_equal(list(answer[part][0]), list(example[part][0]), f"names within {part}")
    for name in answer:
        expect(re.search(rf"^\|.*`{name}`.*\|", page, re.M), f"{name} is in the table")
    _, answer = _explained(path, "ids", "--value", "{}")
    expect('`{"stage", "text"}`' in page and list(answer["error"]) == ["stage", "text"], "an error")


def where_explain_has_no_answer_stdout_is_empty(run):
    """No such route, no such file, a wrong file; a disk that is full."""
    path = write(run, "json.conf", ROUTES)
    for words, wanted in ((["-c", path, "wra"], 64), (["-c", path], 64),
                          (["-c", path, "raw", "--jsn"], 64), (["-c", "/nowhere.conf", "raw"], 66),
                          (["-c", write(run, "bad.conf", "version = 2;"), "raw"], 78)):
        for form in ([], ["--json"]):
            status, out, err = penstock("explain", *form, *words)
            expect(status == wanted and not out and err, f"{form} {words}: {status}: {out}{err}")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([PROGRAM, "explain", "--json", "-c", path, "raw", "--value", "x"],
                              stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    expect(done.returncode == 74 and b"standard output" in done.stderr, f"a full disk: {done}")


def the_page_about_ci_runs(run):
    """docs/how-to/test-routes.md, as its reader runs it; and its tests can fail."""
    with open(os.path.join(SOURCE, "docs/how-to/test-routes.md"), encoding="utf-8") as file:
        page = file.read()
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.S | re.M)
    blocks, shell = dict(fenced), [text for kind, text in fenced if kind == "bash"][:2]
    write(run, "rides.conf", blocks["conf"])
    write(run, "test_rides.py", blocks["python"])

    def runs(script):
        env = {**os.environ, "PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"}
        return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=run.folder, env=env,
                              capture_output=True, text=True, timeout=60, check=False)
    for script in shell:
        done = runs(script)
        expect_equal(done.returncode, 0, f"{script}: {done.stdout}{done.stderr}")
    expect_equal(len(shell), 2, "scripts")
    expect("Ran 5 tests" in done.stderr, f"all ran: {done.stderr}")
    write(run, "rides.conf", blocks["conf"].replace("ride:%{$key}", "rides:%{$key}"))
    for script in shell:
        expect(runs(script).returncode, f"another key is seen: {script}")


def slips_are_told_and_have_their_status(run):
    """Usage, a file that is not there, a file that is wrong."""
    for words, wanted, said in ((["rnu"], 64, "did you mean 'run'"), ([], 64, "Usage"),
                                (["run", "--nothing"], 64, "Try 'penstock run --help'"),
                                (["check", "/nowhere.conf"], 66, "/nowhere.conf"),
                                (["explain", "-c", write(run, "bad.conf", "version = 2;"), "x"], 78,
                                 "bad.conf:1: error:")):
        status, _, err = penstock(*words)
        expect(status == wanted and said in err, f"{words}: {status}: {err}")
    two = write(run, "two.conf", ROUTES)
    status, _, err = penstock("run", two, two)
    expect(status == 64 and "more than one file" in err, f"run with two files: {status}: {err}")
    status, _, err = penstock("run", write(run, "wrong.conf", "version = 2;"))
    expect(status == 78 and "wrong.conf:1: error:" in err, f"run FILE: {status}: {err}")
    expect_equal(penstock("help", "run")[1], penstock("run", "--help")[1], "help run")
    for words, said in ((["--timestamp", "soon"], "--timestamp takes"), (["--partition", "-1"], "--partition takes")):
        status, _, err = penstock("explain", "-c", two, *words, "raw", "--value", "x")
        expect(status == 64 and said in err, f"{words}: {status}: {err}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = ROUTES + f'admin = {{ listen = "127.0.0.1:{taken.getsockname()[1]}"; }};'
        status, _, err = penstock("run", write(run, "taken.conf", text))
        expect(status == 69 and "another process has this port" in err, f"a taken port: {status}: {err}")
    listed = re.findall(r"^  (\d+) ", penstock("--help")[1], re.M)
    expect_equal(listed, "0 1 64 65 66 69 70 74 78".split(), "the statuses that --help lists")
    for command in ("run", "check", "diff", "explain", "mock", "version"):
        status, out, err = penstock(command, "--help")
        expect(status == 0 and "Usage: penstock" in out and not err, f"{command}: {out}{err}")


def diff_says_what_differs_and_what_begins_anew(run):
    """Two files that mean the same, two that do not, and files that cannot be compared."""
    one = write(run, "one.conf", ROUTES)
    same = write(run, "same.conf", "# nothing else\n" + ROUTES + ' memory = "48MiB";')
    other = write(run, "other.conf", ROUTES.replace('group = "g"', 'group = "h"').replace("= \"SET k:", "= \"SET q:"))
    expect_equal(penstock("diff", one, same), (0, "", ""), "files that mean the same")
    status, out, err = penstock("diff", one, other)
    expect(status == 1 and not err and "sources.main.group: g -> h (rejoin)\n" in out and
           "routes.raw.do: " in out and out.endswith("2 differences; what starts again: the members of the consumer "
                                                     "group: their partitions are drained, given up and assigned "
                                                     "again\n"), f"{status}: {out}{err}")
    expect_equal(penstock("diff", "-q", one, other), (1, "", ""), "--quiet")
    status, out, _ = penstock("diff", "--json", one, other)
    found = json.loads(out)["differences"]
    expect_equal((status, found[0]), (1, {"setting": "sources.main.group", "was": "g", "is": "h", "change": "rejoin"}),
                 "--json")
    wrong = write(run, "slip.conf", ROUTES.replace("to =", "too ="))
    for words, wanted, said in (([one], 64, "OLD and NEW"), ([one, same, other], 64, "OLD and NEW"),
                                ([one, "/nowhere.conf"], 66, "/nowhere.conf"), (["/nowhere.conf", one], 66, "/nowhere.conf"),
                                ([one, wrong], 78, "slip.conf:"), ([wrong, "/nowhere.conf"], 78, "/nowhere.conf")):
        status, out, err = penstock("diff", *words)
        expect(status == wanted and said in err and not out, f"{words}: {status}: {out}{err}")


def explain_takes_where_and_when_a_record_is(run):
    """A weekly key by the record's time, and one by its place."""
    text = ROUTES.replace("SET k:%{$key} %{$value}", "SET w:%{$timestamp}:%{$partition}:%{$offset} x")
    path = write(run, "when.conf", text)
    for time_given in ("1767225600000", "2026-01-01T00:00:00Z"):
        status, out, err = penstock("explain", "-c", path, "raw", "--value", "x", "--timestamp", time_given,
                                    "--partition", 3, "--offset", 41)
        expect(status == 0 and "SET w:1767225600000:3:41 x" in out, f"{time_given}: {status}: {out}{err}")


def check_as_json_says_the_same(run):
    """Findings with their places, notes, what servers say, and the status."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    good = conf(kafka, redis.url, run.group, [route("rides", run.topic, ["SET ride:%{$key} %{$value}"])])
    status, out, err = penstock("check", "--json", "--online", write(run, "good.conf", good),
                                write(run, "wrong.conf", good.replace("brokers", "bootstrap_servers")))
    right, wrong = [json.loads(line) for line in out.splitlines()]
    expect(status == 78 and not err, f"{status}: {err}")
    expect_equal((right["status"], right["findings"], wrong["status"], wrong["online"]), (0, [], 78, []), "verdicts")
    expect(any(note["route"] == "rides" and "tombstone" in note["text"] for note in right["notes"]), f"{right['notes']}")
    expect({answer["of"] for answer in right["online"]} == {"source", "sink"}
           and all(answer["verdict"] == "ok" for answer in right["online"]), f"{right['online']}")
    finding = wrong["findings"][0]
    expect(finding["severity"] == "error" and finding["line"] > 0 and "brokers" in finding["hint"], f"{finding}")


def warnings_of_a_running_file_are_log_lines(run):
    """In the log's own format, and not in front of what explain prints."""
    text = ROUTES.replace("routes", "log = { format = \"json\"; };\nroutes").replace(
        "SET k:%{$key} %{$value}", "RPUSH k %{$value}")
    path = write(run, "warns.conf", text)
    status, _, err = penstock("explain", "-c", path, "raw", "--value", "x")
    expect(status == 0 and not err, f"{status}: {err}")
    bridge = Child([PROGRAM, "run", path], os.path.join(run.folder, "warns.log"))
    try:
        wait_until(lambda: '"warning":"' in bridge.log_text(), 60, "the warning")
    finally:
        bridge.kill()
    for line in bridge.log_text().splitlines():
        json.loads(line)


def a_pipe_that_nobody_writes_is_told(run):
    """As the file, as an include and as a secret; one that is written is read."""
    pipe = os.path.join(run.folder, "pipe")
    os.mkfifo(pipe)
    files = [pipe, write(run, "include.conf", f'@include "{pipe}"\n'),
             write(run, "secret.conf", ROUTES.replace("redis://nowhere", "${file:%s}" % pipe))]
    checks = [subprocess.Popen([PROGRAM, "check", file], stderr=subprocess.PIPE, text=True) for file in files]
    for check in checks:
        _, err = check.communicate(timeout=20)
        expect(check.returncode == 78 and "it is a pipe" in err, f"{check.returncode}: {err}")
    done = subprocess.run(["bash", "-c", f"{PROGRAM} check <(sleep 0.3; cat {write(run, 'whole.conf', ROUTES)})"],
                          capture_output=True, text=True, timeout=20, check=False)
    expect_equal(done.returncode, 0, f"a pipe that is written: {done.stderr}")


def closed_streams_are_nobody_elses(run):
    """Started without descriptors 0 to 2, no socket of a library becomes the log."""
    path = write(run, "closed.conf", ROUTES + '\nadmin = { listen = "127.0.0.1:0"; };')
    shell = f"exec {PROGRAM} run -c {path} <&- >&- 2>&-"
    bridge = subprocess.Popen(["sh", "-c", shell])
    try:
        folder = f"/proc/{bridge.pid}/fd"
        wait_until(lambda: len(os.listdir(folder)) > 3, 60, "penstock opens its own descriptors")
        streams = [os.readlink(f"{folder}/{stream}") for stream in range(3)]
        expect_equal(streams, ["/dev/null"] * 3, "what the streams are")
    finally:
        bridge.kill()
        bridge.wait()


def mock_serves_kcat(run):
    """A record in, the same record out; the port is given back."""
    port = free_port()
    child = Child([PROGRAM, "mock", "--port", str(port), "--topic", "rides:2"],
                  os.path.join(run.folder, "mock.log"))
    kcat = ["kcat", "-q", "-b", f"127.0.0.1:{port}", "-t", "rides"]
    wait_until(lambda: subprocess.run([*kcat, "-L"], capture_output=True, check=False).returncode
               == 0, 60, "the mock answers")
    subprocess.run([*kcat, "-P", "-K", "|"], input="k|v\n", text=True, check=True)
    out = subprocess.run([*kcat, "-C", "-o", "beginning", "-e", "-f", "%k=%s\\n"],
                         capture_output=True, text=True, check=True, timeout=30).stdout
    expect_equal(out, "k=v\n", "what kcat reads")
    expect("forget" in child.log_text(), f"it says that it forgets: {child.log_text()}")
    status, _, err = penstock("mock", "--port", port)
    expect(status == 69 and str(port) in err, f"a port in use: {status}: {err}")
    expect_equal(child.terminate(10), 0, "exit status")


def a_mock_that_starts_again_is_found_by_who_used_it(run):
    """penstock goes on within seconds, though the cluster, its coordinator and its logs are new ones."""
    redis, port = run.redis(), free_port()
    words = [PROGRAM, "mock", "--port", str(port), "--topic", "rides:1", "--topic", "ids:1"]
    child = Child(words, os.path.join(run.folder, "mock.log"))
    text = ROUTES.replace("nowhere:9092", f"127.0.0.1:{port}").replace("redis://nowhere", redis.url)
    text = text.replace('"raw"; from = "main"; topics = [ "raw" ]', '"raw"; from = "main"; topics = [ "rides" ]')
    bridge = run.penstock(text.replace('group = "g"', 'group = "g"; on_out_of_range = "earliest"'))
    expect_equal(child.terminate(10), 0, "exit status")
    child = Child(words, os.path.join(run.folder, "mock.log"))
    kcat = ["kcat", "-q", "-b", f"127.0.0.1:{port}", "-t", "rides", "-P", "-K", "|"]

    def arrives():
        subprocess.run(kcat, input="k|v\n", text=True, check=False, timeout=30)
        return redis.ask("GET", "k:k") == b"v"
    wait_until(arrives, 60, lambda: f"records flow again: {bridge.log()}", every=0.5)
    bridge.stop()
    child.terminate(10)


def the_quick_start_shows_what_it_promises(run):
    """scripts/quickstart, as the README's reader runs it."""
    done = subprocess.run([os.path.join(SOURCE, "scripts/quickstart")], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    expect_equal(done.returncode, 0, f"exit status; {done.stdout[-2000:]}{done.stderr[-2000:]}")
    for words in ("GEOSEARCH drivers:scl", '"on_trip"', '"on the way"', '"t11"', '"16.5"',
                  "EXISTS ride:r101\n(integer) 0", 'consumer_lag_records{topic="ride.status"'):
        expect(words in done.stdout, f"'{words}' is shown:\n{done.stdout}")
    run.note("it took what it says")


def _of_session(session):
    """The command lines of the processes that a session has left."""
    lines = []
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/stat", encoding="utf-8") as file:
                if int(file.read().rpartition(")")[2].split()[3]) != session:
                    continue
            with open(path + "/cmdline", encoding="utf-8") as file:
                lines.append(file.read().replace("\0", " "))
        except OSError:
            continue  # it ended while we looked
    return lines


def a_quick_start_that_is_ended_leaves_nothing(run):
    """scripts/quickstart, ended while it starts its servers, while it waits, and while they stay up."""
    folder = os.path.join(run.folder, "tmp")
    os.mkdir(folder)
    for seconds in (0.3, 1.5, 8):
        child = subprocess.Popen([os.path.join(SOURCE, "scripts/quickstart"), "--stay"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 start_new_session=True, env={**os.environ, "TMPDIR": folder})
        time.sleep(seconds)
        os.kill(child.pid, signal.SIGTERM)
        run.note(f"ended after {seconds} s")
        expect_equal(child.wait(20), 128 + signal.SIGTERM, "exit status")
        expect_equal(_of_session(child.pid), [], "processes that are left")
        expect_equal(os.listdir(folder), [], "files that are left")


if __name__ == "__main__":
    main(check_online_asks_both_servers, explain_needs_no_server, explain_as_json_says_the_same,
         the_reference_names_what_json_says, where_explain_has_no_answer_stdout_is_empty, the_page_about_ci_runs,
         slips_are_told_and_have_their_status,
         diff_says_what_differs_and_what_begins_anew, explain_takes_where_and_when_a_record_is,
         check_as_json_says_the_same, warnings_of_a_running_file_are_log_lines,
         a_pipe_that_nobody_writes_is_told, closed_streams_are_nobody_elses, mock_serves_kcat,
         a_mock_that_starts_again_is_found_by_who_used_it,
         the_quick_start_shows_what_it_promises, a_quick_start_that_is_ended_leaves_nothing)
