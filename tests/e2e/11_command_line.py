#!/usr/bin/env python3
"""What a user types: check --online, explain, mock with kcat, the quick start, and their exit statuses."""
import glob
import os
import re
import signal
import subprocess
import time

from harness import conf, expect, expect_equal, main, route
from harness.child import SOURCE, Child, free_port
from harness.check import wait_until
from harness.penstock import PROGRAM


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
    redis.ask("ACL", "SETUSER", "narrow", "on", ">pw", "~ride:*", "+@all", "-unlink", "-del")
    text = conf(kafka, redis.url, run.group, [route("rides", run.topic, ["SET ride:%{$key} x"])],
                sink='username = "narrow"; password = "pw";')
    status, out, err = penstock("check", "--online", write(run, "good.conf", text))
    expect_equal(status, 0, f"exit status; {out}{err}")
    expect("may run: SET ride:0 x" in out and run.topic in out, f"findings: {out}")
    wrong = text.replace("SET ride:", "UNLINK other:").replace(" x\"", "\"")
    status, out, _ = penstock("check", "--online", write(run, "wrong.conf", wrong))
    expect(status == 69 and "UNLINK" in out and "pw" not in out.split(), f"{status}: {out}")
    redis.stop()
    status, out, _ = penstock("check", "--online", write(run, "good.conf", text))
    expect(status == 69 and "error" in out, f"{status}: {out}")


def explain_needs_no_server(run):
    """The README's own configuration, a record that fits and one that does not."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        text = re.search(r"```\n(version = 1;.*?)```", file.read(), re.S).group(1)
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


def slips_are_told_and_have_their_status(run):
    """Usage, a file that is not there, a file that is wrong."""
    for words, wanted, said in ((["rnu"], 64, "did you mean 'run'"), ([], 64, "Usage"),
                                (["run", "--nothing"], 64, "Try 'penstock run --help'"),
                                (["check", "/nowhere.conf"], 66, "/nowhere.conf"),
                                (["explain", "-c", write(run, "bad.conf", "version = 2;"), "x"], 78,
                                 "bad.conf:1: error:")):
        status, _, err = penstock(*words)
        expect(status == wanted and said in err, f"{words}: {status}: {err}")
    for command in ("run", "check", "explain", "mock", "version"):
        status, out, err = penstock(command, "--help")
        expect(status == 0 and "Usage: penstock" in out and not err, f"{command}: {out}{err}")


def mock_serves_kcat(run):
    """A record in, the same record out; the port is given back."""
    port = free_port()
    child = Child([PROGRAM, "mock", "--port", str(port), "--topic", "rides:2"],
                  os.path.join(run.folder, "mock.log"))
    kcat = ["kcat", "-q", "-b", f"127.0.0.1:{port}", "-t", "rides"]
    wait_until(lambda: subprocess.run([*kcat, "-L"], capture_output=True, check=False).returncode
               == 0, 10, "the mock answers")
    subprocess.run([*kcat, "-P", "-K", "|"], input="k|v\n", text=True, check=True)
    out = subprocess.run([*kcat, "-C", "-o", "beginning", "-e", "-f", "%k=%s\\n"],
                         capture_output=True, text=True, check=True, timeout=30).stdout
    expect_equal(out, "k=v\n", "what kcat reads")
    expect("forget" in child.log_text(), f"it says that it forgets: {child.log_text()}")
    status, _, err = penstock("mock", "--port", port)
    expect(status == 69 and str(port) in err, f"a port in use: {status}: {err}")
    expect_equal(child.terminate(10), 0, "exit status")


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
    main(check_online_asks_both_servers, explain_needs_no_server,
         slips_are_told_and_have_their_status, mock_serves_kcat,
         the_quick_start_shows_what_it_promises, a_quick_start_that_is_ended_leaves_nothing)
