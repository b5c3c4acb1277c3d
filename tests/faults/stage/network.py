"""Faults of the network between penstock and one port; they need the run's own namespace."""
import re
import subprocess

from .fault import Again, Fault
from .namespace import inside
from .row import Cannot


def tool(*words):
    """What a program of iproute2 or iptables printed."""
    if not inside():
        raise Cannot("needs a network namespace (unshare -n), iproute2 and iptables")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def heal_all():
    """Takes away every rule."""
    if inside():
        tool("iptables", "-w", "-F")


class _Rule(Fault):
    """A rule of iptables for what comes to a port, and from it where `both`."""

    def __init__(self, port, name, target, both=True):
        self.name = f"{name} of port {port}"
        self.rules = [["INPUT", "-p", "tcp", f"--{end}", str(port), *target]
                      for end in (("dport", "sport") if both else ("dport",))]
        self.packets = 0

    def begin(self):
        for words in self.rules:
            tool("iptables", "-w", "-A", *words)

    def heal(self):
        self.packets = sum(int(found.group(1)) for found in re.finditer(
            r"^\s*(\d+)\s+\d+\s+(?:DROP|REJECT)", tool("iptables", "-w", "-L", "-v", "-x", "-n"),
            re.MULTILINE))
        for words in self.rules:
            tool("iptables", "-w", "-D", *words)

    def evidence(self):
        return f"{self.packets} packets did not arrive" if self.packets else ""


class Drop(_Rule):
    """Packets vanish, both ways: nobody closes anything, and nobody answers."""

    def __init__(self, port):
        super().__init__(port, "drop all packets", ["-j", "DROP"])


class Refuse(_Rule):
    """Every packet to the port is answered with a reset."""

    def __init__(self, port):
        super().__init__(port, "reset every connection",
                         ["-j", "REJECT", "--reject-with", "tcp-reset"], both=False)


class Lose(_Rule):
    """Some of the packets vanish."""

    def __init__(self, port, share):
        super().__init__(port, f"lose {share:.0%} of the packets",
                         ["-m", "statistic", "--mode", "random", "--probability", str(share),
                          "-j", "DROP"])


class Resets(Again):
    """Resets every connection to the port, again and again."""

    def __init__(self, port, seconds=0.2):
        super().__init__(f"reset the connections to port {port} every {seconds} s", seconds,
                         lambda: reset_connections(port))


def reset_connections(port):
    """Kills the sockets connected to a port; how many there were."""
    return len(tool("ss", "-H", "-t", "-K", "dst", "127.0.0.1", "dport", "=", f":{port}")
               .splitlines())
