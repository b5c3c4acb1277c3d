"""A network, and a view of the mounts, of the run's own: what is cut there, is cut there alone."""
import os
import subprocess
import sys

_INSIDE = "PENSTOCK_FAULTS_NAMESPACE"
# As root; as a user; as root in a changed root folder, where the mounts cannot be set apart.
_WAYS = (["-n", "-m"], ["-U", "-r", "-n", "-m"], ["-n"])


def enter():
    """Runs this program anew inside a namespace; goes on where it is inside already, or where the
    machine permits none."""
    if _INSIDE in os.environ:
        return
    for way in _WAYS:
        probe = subprocess.run(["unshare", *way, "sh", "-c", "ip link set lo up && iptables -L -n"],
                               capture_output=True, check=False)
        if probe.returncode == 0:
            words = ["unshare", *way, "sh", "-c", 'ip link set lo up && exec "$@"', "sh",
                     sys.executable, "-B", *sys.argv]
            os.execvpe("unshare", words, {**os.environ, _INSIDE: " ".join(way)})


def inside():
    return _INSIDE in os.environ


def own_mounts():
    """Whether what is mounted here is seen here alone."""
    return "-m" in os.environ.get(_INSIDE, "").split()


def root_outside():
    """Whether the run has the rights of root, not only in its namespace."""
    return os.geteuid() == 0 and "-U" not in os.environ.get(_INSIDE, "-U").split()
