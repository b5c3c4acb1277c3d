"""The charts of helm/, rendered; and a runner for the tests of that."""
import contextlib
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.join(ROOT, "build/tools")
CHART = os.path.join(ROOT, "helm/penstock")
VERSIONS = "1.29", "1.37"  # of Kubernetes: the oldest that Chart.yaml names, and the newest
SCENARIOS = [os.path.basename(path).removesuffix("-values.yaml") for path in sorted(glob.glob(CHART + "/ci/*-values.yaml"))]


def run(*command, status=0, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr if status is None else done.stdout


def helm(*arguments, **more):
    return run(TOOLS + "/helm", *arguments, **more)


def values_of(scenario):
    return f"{CHART}/ci/{scenario}-values.yaml"


def render(scenario, *more):
    """What the chart makes of a values file."""
    return list(yaml.safe_load_all(helm("template", "rides", CHART, "--namespace", "bridges", "--kube-version", VERSIONS[-1],
                                        "--values", values_of(scenario), *more)))


@contextlib.contextmanager
def example():
    """What the example's chart makes, with the chart that it depends on."""
    with tempfile.TemporaryDirectory() as folder:
        for chart in "penstock", "example":
            shutil.copytree(f"{ROOT}/helm/{chart}", f"{folder}/{chart}")
        helm("dependency", "build", folder + "/example")
        yield folder + "/example"


def render_example(scenario=None):
    """What the example's chart makes, perhaps with a values file of the chart that it depends on."""
    with example() as chart:
        more = []
        if scenario:
            with open(values_of(scenario), encoding="utf-8") as file, open(chart + "/more.yaml", "w", encoding="utf-8") as nested:
                yaml.safe_dump({"penstock": yaml.safe_load(file)}, nested)
            more = ["--values", chart + "/more.yaml"]
        return list(yaml.safe_load_all(helm("template", "shop", chart, "--namespace", "shop", "--kube-version", VERSIONS[-1], *more)))


def pods(documents):
    for document in documents:
        if document["kind"] == "Pod":
            yield document["spec"]
        elif "template" in document.get("spec", {}):
            yield document["spec"]["template"]["spec"]


def main(tests):
    """Runs (name, test)s, or those whose names hold an argument; a line each, and how many in the last."""
    passed = failed = 0
    for name, test in tests:
        if sys.argv[1:] and not any(part in name for part in sys.argv[1:]):
            continue
        try:
            test()
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL helm/{name}")
            where = traceback.extract_tb(error.__traceback__)[-1]
            print("    " + f"line {where.lineno}: {type(error).__name__} {error}".replace("\n", "\n    "))
        else:
            passed += 1
            print(f"ok   helm/{name}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)
