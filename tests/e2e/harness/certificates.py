"""Real certificates of an authority that the test makes, by the openssl command."""
import os
import subprocess

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Certificates:
    """A folder with ca.pem, and for each issued NAME: NAME.pem (certificate, key), NAME.key."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "certificates")
        os.makedirs(self.folder, exist_ok=True)
        self.authority("ca")

    def path(self, file):
        return os.path.join(self.folder, file)

    def authority(self, name):
        """An authority of that name."""
        self._make("-subj", f"/CN={name}", "-keyout", self.path(f"{name}.key"),
                   "-out", self.path(f"{name}.pem"))

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", authority="ca"):
        """A certificate for `names`, as subjectAltName takes them."""
        self._make("-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
                   "-CA", self.path(f"{authority}.pem"), "-CAkey", self.path(f"{authority}.key"),
                   "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.crt"))
        with open(self.path(f"{name}.pem"), "w", encoding="ascii") as out:
            for part in ("crt", "key"):
                with open(self.path(f"{name}.{part}"), encoding="ascii") as file:
                    out.write(file.read())

    def _make(self, *words):
        subprocess.run(["openssl", "req", "-x509", *_KEY, "-days", "2", *words],
                       check=True, capture_output=True)
