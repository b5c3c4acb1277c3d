"""The alerts of docs/monitoring/alerts.yaml, tried by promtool on what penstock's own /metrics said."""
import os
import re
import subprocess

from .child import SOURCE

_RULES = os.path.join(SOURCE, "docs/monitoring/alerts.yaml")
_STEP_SECONDS, _BEFORE, _DURING = 30, 20, 40  # samples: ten minutes, then twenty


def names():
    with open(_RULES, encoding="utf-8") as file:
        return re.findall(r"- alert: (\w+)", file.read())


def _series(scrape):
    """{series: value}, as a Prometheus would have them."""
    found = {}
    for name, labels, value in scrape.samples:
        if name.startswith("penstock_") and not name.endswith("_bucket"):
            own = {**labels, "job": "penstock", "instance": "bridge:9464"}
            text = ",".join(f'{key}="{own[key]}"' for key in sorted(own))
            found[f"{name}{{{text}}}"] = value
    found['up{instance="bridge:9464",job="penstock"}'] = 1
    return found


def _values(before, during):
    """The samples of a series: what it was for a while, then what it is, held constant."""
    first = "_" if before is None else f"{before:.3f}+0"
    then = "_" if during is None else f"{during:.3f}+0"
    return f"{first}x{_BEFORE} {then}x{_DURING}"


def firing(folder, before, during):
    """The names of the alerts that fire once the situation `during` has lasted for twenty minutes,
    behind the situation `before`; both are scrapes."""
    was, now = _series(before), _series(during)
    test = [f"rule_files: [ {_RULES} ]", f"evaluation_interval: {_STEP_SECONDS}s", "tests:",
            f"  - interval: {_STEP_SECONDS}s", "    input_series:"]
    for series in sorted(was.keys() | now.keys()):
        quoted = series.replace("'", "''")
        test += [f"      - series: '{quoted}'",
                 f"        values: '{_values(was.get(series), now.get(series))}'"]
    test.append("    alert_rule_test:")
    # some look at what happened within the last minutes, some want it to last: both are asked
    for minutes in (12, 25):
        for name in names():
            test += [f"      - eval_time: {minutes}m", f"        alertname: {name}",
                     "        exp_alerts: []"]
    with open(os.path.join(folder, "alerts.test.yml"), "w", encoding="utf-8") as file:
        file.write("\n".join(test) + "\n")
    said = subprocess.run(["promtool", "test", "rules", "alerts.test.yml"], cwd=folder,
                          capture_output=True, text=True, check=False)
    text = said.stdout + said.stderr
    found = set(re.findall(r"alertname: (\w+), time: \S+\s", text))
    if not found and said.returncode != 0 or "yaml" in text or "error" in text.lower() and not found:
        raise RuntimeError(f"promtool: {text[:2000]}")
    return found
