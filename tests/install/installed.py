#!/usr/bin/env python3
"""What "cmake --install" puts where, whether it runs from there, and what its completion for bash answers."""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PREFIX = "usr/local"
FILES = [
    "bin/penstock",
    "lib/systemd/system/penstock.service",
    "lib/systemd/system/penstock@.service",
    "lib/tmpfiles.d/penstock.conf",
    "share/bash-completion/completions/penstock",
    "share/doc/penstock/LICENSE",
    "share/doc/penstock/README.md",
    "share/doc/penstock/docs/how-to/install.md",
    "share/doc/penstock/docs/reference/configuration.md",
    "share/doc/penstock/examples/penstock.conf",
    "share/fish/vendor_completions.d/penstock.fish",
    "share/man/man1/penstock.1",
    "share/man/man5/penstock.conf.5",
    "share/zsh/site-functions/_penstock",
]
COMPLETIONS = [  # the words up to the cursor, and what may follow
    (["c"], {"check", "ctl"}),
    (["ctl", "re"], {"resume", "retry", "reload"}),
    (["--v"], {"--version"}),
    (["help", "expl"], {"explain"}),
    (["run", "--"], {"--config=", "--help"}),
    (["dlq", "s"], {"show"}),
    (["run", "exam"], {"examples"}),
    (["explain", "-c", "examples/penstock.conf", "driver"], {"driver_geo", "driver_hash"}),
    (["dlq", "list", "--config", "=", "examples/penstock.conf", "--route", "=", "ri"], {"ride_cache"}),
    (["explain", "--value", ""], set()),
    (["run", "--config", "=", "examples/q"], {"examples/quickstart.conf"}),
]
EXPOSURE = 11  # of systemd-analyze security, in tenths


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def install(folder):
    done = run("cmake", "--install", "build", env={**os.environ, "DESTDIR": folder})
    return [] if done.returncode == 0 else [f"cmake --install: {done.stderr}"]


def files_are_there(prefix):
    return [f"not installed: {name}" for name in FILES if not os.path.isfile(os.path.join(prefix, name))]


def nothing_else_is_there(prefix):
    known = {name.split("/")[0] for name in FILES}
    documentation = {"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "docs", "examples"}
    more = (set(os.listdir(prefix)) - known) | (set(os.listdir(f"{prefix}/share/doc/penstock")) - documentation)
    return [f"installed, and not expected: {name}" for name in more]


def program_runs(prefix):
    done = run(f"{prefix}/bin/penstock", "--version")
    return [] if done.returncode == 0 and done.stdout.startswith("penstock ") else [f"--version: {done.stdout}{done.stderr}"]


def samples_are_right(prefix):
    return [f"examples/{name}: {done.stderr}" for name in os.listdir(f"{prefix}/share/doc/penstock/examples")
            if name.endswith(".conf")
            and (done := run(f"{prefix}/bin/penstock", "check", f"{prefix}/share/doc/penstock/examples/{name}")).returncode]


def completed(prefix, words):
    """What bash shows for these words: as readline does, it calls the function that "complete -F" names."""
    script = f"""
        source {prefix}/share/bash-completion/completions/penstock
        COMP_WORDS=("penstock" "$@") COMP_CWORD=$#
        $(complete -p penstock | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = run("bash", "-c", script, "bash", *words, cwd=f"{prefix}/share/doc/penstock",
               env={**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}"})
    return set(done.stdout.split()), done.stderr


def completion_answers(prefix):
    wrong = []
    for words, wanted in COMPLETIONS:
        found, said = completed(prefix, words)
        found = {word for word in found if len(word) > 2}  # without the letters of options
        if not wanted <= found or (words[-1] != "--" and found != wanted) or said:
            wrong.append(f"completion of {words}: {found}, not {wanted} {said}")
    return wrong


def units_are_right(prefix, folder):
    """The units name the program where it was installed, and systemd finds no fault in them."""
    wrong = []
    for name in ("penstock.service", "penstock@.service"):
        with open(f"{prefix}/lib/systemd/system/{name}", encoding="utf-8") as file:
            text = file.read()
        if f"ExecStart=/{PREFIX}/bin/penstock" not in text:
            wrong.append(f"{name} does not name /{PREFIX}/bin/penstock")
        unit = f"{folder}/{name}"
        with open(unit, "w", encoding="utf-8") as file:
            file.write(text.replace(f"/{PREFIX}/bin", f"{prefix}/bin"))
        done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", unit)
        if done.returncode or done.stdout or done.stderr:
            wrong.append(f"systemd-analyze verify {name}: {done.stdout}{done.stderr}")
        done = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", unit)
        if done.returncode:
            wrong.append(f"systemd-analyze security {name}: {done.stdout[-200:]}{done.stderr}")
    return wrong


def main():
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        prefix = f"{folder}/{PREFIX}"
        wrong = install(folder) or files_are_there(prefix)
        wrong = wrong or [*nothing_else_is_there(prefix), *program_runs(prefix), *samples_are_right(prefix),
                          *completion_answers(prefix), *units_are_right(prefix, folder)]
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main())
