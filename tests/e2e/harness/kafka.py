"""A real Apache Kafka, one node, and a way to fill its topics."""
import json
import os
import signal
import struct
import subprocess
import time

from .child import BUILD, SOURCE, Child, free_port

START_SECONDS = 180
_LOAD = os.path.join(BUILD, "tests", "kafka_load")
_ADMIN = os.path.join(BUILD, "tests", "kafka_admin")


class Kafka:
    """A broker of its own, or the one that PENSTOCK_TEST_KAFKA names, which cannot be stopped."""

    def __init__(self, folder, shared=True, second=False, settings=(), secure=None, token=False):
        """With `second` it has another listener, `second_port`, so that the network can fail
        penstock while the test still reaches Kafka; `settings` are lines for its configuration.
        `secure` is (folder of certificates, user, password): SCRAM or PLAIN is wanted on
        `sasl_port`, a client certificate on `ssl_port`. With `token` one is wanted on `token_port`."""
        self.brokers = os.environ.get("PENSTOCK_TEST_KAFKA") if shared else None
        self.folder = os.path.join(folder, "kafka")
        self.child = None
        if not self.brokers:
            os.makedirs(self.folder, exist_ok=True)
            self.port, self.controller = free_port(), free_port()
            self.second_port = free_port() if second else None
            self.settings = "\n".join(settings)
            self.secure = {}
            if secure:
                self.sasl_port, self.ssl_port = free_port(), free_port()
                self.secure = {"KAFKA_CERTIFICATES": secure[0],
                               "KAFKA_USER": secure[1], "KAFKA_PASSWORD": secure[2],
                               "KAFKA_SASL_PORT": str(self.sasl_port),
                               "KAFKA_SSL_PORT": str(self.ssl_port)}
            if token:
                self.token_port = free_port()
                self.secure["KAFKA_TOKEN_PORT"] = str(self.token_port)
            self.brokers = f"127.0.0.1:{self.port}"
            self.start()

    def start(self, wait=True):
        log = os.path.join(self.folder, "kafka.log")
        self.mark = os.path.getsize(log) if os.path.exists(log) else 0
        self.child = Child([os.path.join(SOURCE, "tests/kafka/start"), self.folder, str(self.port),
                            str(self.controller)], log,
                           env={"KAFKA_SECOND_PORT": str(self.second_port or ""),
                                "KAFKA_SETTINGS": self.settings, **self.secure})
        if wait:
            self.wait()

    def wait(self):
        """Waits until it serves."""
        deadline = time.monotonic() + START_SECONDS
        while "Kafka Server started" not in self.child.log_text(self.mark):
            if not self.child.running or time.monotonic() > deadline:
                said = self.child.log_text(self.mark)[-4000:]
                raise RuntimeError("Kafka does not start:\n" + said)
            time.sleep(0.05)

    def kill(self):
        self.child.kill()

    def stop(self):
        if self.child and self.child.running:
            self.child.terminate(20)

    def hang(self):
        self.child.signal(signal.SIGSTOP)

    def resume(self):
        self.child.signal(signal.SIGCONT)

    def admin(self, *words):
        done = subprocess.run([_ADMIN, self.brokers, *map(str, words)], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"kafka_admin {' '.join(map(str, words))}: {done.stderr.strip()}")
        return [line.split() for line in done.stdout.splitlines()]

    def create(self, topic, partitions, **config):
        settings = [f"{name.replace('_', '.')}={value}" for name, value in config.items()]
        self.admin("create", topic, partitions, *settings)

    def committed(self, group, topic):
        """{partition: offset} that the group has committed, as Kafka says; 0 where it has none."""
        return {int(partition): max(0, int(committed))
                for partition, committed, _, _ in self.admin("offsets", group, topic)}

    def ends(self, topic):
        """{partition: end offset}."""
        return {int(partition): int(end)
                for partition, _, _, end in self.admin("offsets", "kafka_admin", topic)}

    def read(self, topic):
        """Every record that a topic holds now, as kcat shows it: partition, offset, headers, key,
        payload. None may have been deleted."""
        count = sum(self.ends(topic).values())
        if not count:
            return []
        done = subprocess.run(["kcat", "-C", "-b", self.brokers, "-t", topic, "-o", "beginning",
                               "-c", str(count), "-q", "-J"], capture_output=True, text=True,
                              check=True, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def members(self, group):
        """(state, number of members) of a group."""
        state, members = self.admin("group", group)[0]
        return state, int(members)


class Producer:
    """One idempotent producer (tests/tools/kafka_load.c): in order, and each record once."""

    def __init__(self, kafka, folder, *properties):
        self.child = Child([_LOAD, kafka.brokers, *properties], os.path.join(folder, "load.log"),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pipe = self.child.process.stdin
        self.topic = None

    def send(self, topic, frames):
        """Sends what frame() made: bytes of any number of records."""
        if topic != self.topic:
            name = topic.encode()
            self.pipe.write(b"T" + struct.pack("<H", len(name)) + name)
            self.topic = topic
        self.pipe.write(frames)
        self.pipe.flush()

    def begin(self):
        """Begins a transaction; the producer was made with a property transactional.id."""
        self.pipe.write(b"B")

    def commit(self):
        self.pipe.write(b"C")

    def abort(self):
        self.pipe.write(b"A")

    def flush(self):
        """Waits until Kafka has acknowledged everything."""
        self.pipe.write(b"F")
        self.pipe.flush()
        answer = self.child.process.stdout.readline().decode().split(maxsplit=2)
        if answer[:1] != ["ok"]:
            raise RuntimeError(f"producing failed: {answer} {self.child.log_text()}")
        return int(answer[1])

    def close(self):
        self.flush()
        self.pipe.close()
        self.child.wait(30)
        self.child.forget()


_HEAD = struct.Struct("<ciqiiH")


def frame(record):
    """A record as kafka_load reads it."""
    key, value = record.key, record.value
    head = _HEAD.pack(b"R", record.partition, record.timestamp,
                      -1 if key is None else len(key), -1 if value is None else len(value),
                      len(record.headers))
    parts = [head, key or b"", value or b""]
    for name, content in record.headers:
        raw = name.encode()
        parts.append(struct.pack("<Hi", len(raw), -1 if content is None else len(content)))
        parts += [raw, content or b""]
    return b"".join(parts)
