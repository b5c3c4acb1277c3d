#!/usr/bin/env python3
"""tests/api/connect_shapes.py: what Kafka Connect's REST API answers, as far as penstock has it: status, members and their types.

    tests/api/connect_shapes.py URL [TOKEN]    asks there, and lists what differs; the exit status is 1 if anything does

tests/api/run asks penstock. The rows were checked with a real Connect, ConnectDistributed of Apache Kafka 4.3.1, that had a
FileStreamSink "rides" of two tasks, and "trips" with topics.regex = "tri.*" and a task that failed on a record. A row fits both.
"""
import base64
import json
import sys
import urllib.error
import urllib.request

STATES = {"RUNNING", "PAUSED", "FAILED", "UNASSIGNED", "RESTARTING"}
ERROR = {"error_code": int, "message": str}
STATE = {"state": STATES, "worker_id": str, "version": str}
TASK = {"id": int, **STATE}
STATUS = {"name": str, "connector": STATE, "tasks": [TASK], "type": {"sink"}}
CONFIG = {"name": str, "connector.class": str, "tasks.max": str, ...: str}
TASK_ID = {"connector": str, "task": int}
INFO = {"name": str, "config": CONFIG, "tasks": [TASK_ID], "type": {"sink"}}
OFFSETS = {"offsets": [{"partition": {"kafka_topic": str, "kafka_partition": int}, "offset": {"kafka_offset": int}}]}
PLUGIN = {"class": str, "type": {"sink", "source"}, "version": str}

# Method, path, status, and the shape of the body; None: there is none.
ROWS = [
    ("GET", "/", 200, {"version": str, "commit": str, "kafka_cluster_id": str}),
    ("GET", "/connectors", 200, [str]),
    ("GET", "/connectors/", 200, [str]),
    ("GET", "/connectors?expand=status", 200, {...: {"status": STATUS}}),
    ("GET", "/connectors?expand=info", 200, {...: {"info": INFO}}),
    ("GET", "/connectors?expand=status&expand=info", 200, {...: {"status": STATUS, "info": INFO}}),
    ("GET", "/connectors?expand=nothing", 200, {...: {}}),
    ("GET", "/connectors?expand", 200, {...: {}}),
    ("GET", "/connectors/rides", 200, INFO),
    ("GET", "/connectors/rides/config", 200, CONFIG),
    ("GET", "/connectors/rides/status", 200, STATUS),
    ("GET", "/connectors/trips/status", 200, STATUS),
    ("GET", "/connectors/rides/tasks", 200, [{"id": TASK_ID, "config": CONFIG}]),
    ("GET", "/connectors/rides/tasks/0/status", 200, TASK),
    ("GET", "/connectors/rides/topics", 200, {"rides": {"topics": [str]}}),
    ("GET", "/connectors/rides/offsets", 200, OFFSETS),
    ("GET", "/connector-plugins", 200, [PLUGIN]),
    ("GET", "/connector-plugins?connectorsOnly=true", 200, [PLUGIN]),
    ("GET", "/connectors/none", 404, ERROR),
    ("GET", "/connectors/none/config", 404, ERROR),
    ("GET", "/connectors/none/status", 404, ERROR),
    ("GET", "/connectors/none/tasks", 404, ERROR),
    ("GET", "/connectors/none/offsets", 404, ERROR),
    ("GET", "/connectors/rides/tasks/9/status", 404, ERROR),
    ("GET", "/connectors/rides/tasks/x/status", 404, ERROR),
    ("GET", "/nothing", 404, ERROR),
    ("DELETE", "/connectors", 405, ERROR),
    ("PUT", "/connectors/rides/status", 405, ERROR),
    ("PUT", "/connectors/rides/pause", 202, None),
    ("PUT", "/connectors/rides/pause", 202, None),
    ("PUT", "/connectors/rides/resume", 202, None),
    ("PUT", "/connectors/none/pause", 404, ERROR),
    ("PUT", "/connectors/none/resume", 404, ERROR),
    ("POST", "/connectors/rides/restart", 204, None),
    ("POST", "/connectors/rides/restart?includeTasks=false", 204, None),
    ("POST", "/connectors/rides/restart?includeTasks=false&onlyFailed=false", 204, None),
    ("POST", "/connectors/rides/restart?includeTasks=yes", 204, None),
    ("POST", "/connectors/rides/restart?includeTasks=true", 202, STATUS),
    ("POST", "/connectors/rides/restart?includeTasks=true&onlyFailed=true", 202, STATUS),
    ("POST", "/connectors/rides/restart?onlyFailed=true", 202, STATUS),
    ("POST", "/connectors/none/restart", 404, ERROR),
    ("POST", "/connectors/rides/tasks/0/restart", 204, None),
    ("POST", "/connectors/rides/tasks/9/restart", 404, ERROR),
    ("POST", "/connectors/none/tasks/0/restart", 404, ERROR),
]


def misfits(shape, value, where):
    """What of a value is not of the shape: a type, a set of words, [shape of each], {member: shape}, or {...: shape of the others}."""
    if isinstance(shape, type):
        return [] if type(value) is shape else [f"{where} is {value!r}, no {shape.__name__}"]  # pylint: disable=unidiomatic-typecheck
    if isinstance(shape, set):
        return [] if value in shape else [f"{where} is {value!r}"]
    if not isinstance(value, type(shape)):
        return [f"{where} is {value!r}"]
    if isinstance(shape, list):
        return [misfit for i, item in enumerate(value) for misfit in misfits(shape[0], item, f"{where}[{i}]")]
    wanted = dict(shape)
    if value.get("state") == "FAILED":
        wanted["trace"] = str  # only then
    others = wanted.pop(..., None)
    found = [f"{where}.{name} is missing" for name in wanted if name not in value]
    found += [f"{where}.{name} is not there in Connect" for name in value if name not in wanted and others is None]
    return found + [misfit for name, item in value.items() if wanted.get(name, others) is not None
                    for misfit in misfits(wanted.get(name, others), item, f"{where}.{name}")]


def ask(url, method, path, token):
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = "Basic " + base64.b64encode(f"any:{token}".encode()).decode()
    request = urllib.request.Request(url + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get("Content-Type"), answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers.get("Content-Type"), refused.read()


def differences(url, token=None):
    """One line for each thing that is not as in Connect."""
    found = []
    for method, path, status, shape in ROWS:
        where = f"{method} {path}"
        got, kind, body = ask(url, method, path, token)
        if got != status:
            found.append(f"{where}: {got}, not {status}")
        elif shape is None:
            found += [f"{where} has a body"] if body else []
            found += [f"{where} has a type: {kind}"] if kind else []
        else:
            found += misfits(shape, json.loads(body), where)
    return found


if __name__ == "__main__":
    lines = differences(*sys.argv[1:3])
    print("\n".join(lines) or f"{len(ROWS)} rows fit")
    sys.exit(bool(lines))
