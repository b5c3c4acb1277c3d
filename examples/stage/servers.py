"""The three servers of an example."""
import glob
import os
import shutil
import socket
import urllib.error
import urllib.request

from .kafka import Producer
from .redis import Redis
from .stage import ROOT, free_port

PENSTOCK = os.environ.get("PENSTOCK", os.path.join(ROOT, "build/penstock"))
SLOW_SECONDS = 60  # for a start on a busy machine

# A demonstration that is left alone for a night must not fill the disk.
_KAFKA_LIMITS = "log.retention.bytes=67108864\nlog.segment.bytes=16777216\nlog.cleaner.enable=true\n"


def start_redis(stage):
    """Its port. It never evicts: exactly-once delivery keeps its checkpoints there."""
    port = free_port()
    server = stage.start("redis", ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                   "--appendonly", "no", "--dir", stage.folder, "--maxmemory-policy", "noeviction"])
    stage.wait_for(server, SLOW_SECONDS, "answer of redis-server", lambda: _redis_answers(port))
    return port


def _redis_answers(port):
    try:
        return Redis(port)("PING") == "PONG"
    except OSError:
        return False


def has_real_kafka():
    """Whether Java and Apache Kafka's jars are there: "scripts/test kafka" fetches them."""
    return bool(shutil.which("java") and glob.glob(os.path.join(ROOT, "build/kafka/kafka_2.13-*.jar")))


def start_kafka(stage, kind, topics):
    """(brokers, what it is). `kind`: real, mock, or auto: real if it is there; `topics`: {name: (partitions, {setting: value})}."""
    port = free_port()
    brokers = f"127.0.0.1:{port}"
    if kind == "real" or kind == "auto" and has_real_kafka():
        server = stage.start("kafka", [os.path.join(ROOT, "tests/kafka/start"), os.path.join(stage.folder, "kafka"),
                                       str(port), str(free_port())], env={"KAFKA_SETTINGS": _KAFKA_LIMITS})
        stage.wait_for(server, SLOW_SECONDS, "start of Kafka", lambda: "Kafka Server started" in server.log())
        producer = Producer(brokers)
        for topic, (partitions, config) in topics.items():
            producer.create(topic, partitions, **config)
        return brokers, "Apache Kafka"
    words = [f"--topic={topic}:{partitions}" for topic, (partitions, _) in topics.items()]
    server = stage.start("kafka", [PENSTOCK, "mock", f"--port={port}", *words])
    stage.wait_for(server, SLOW_SECONDS, "answer of penstock mock", lambda: _listens(port))
    return brokers, "penstock mock"


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_penstock(stage, conf, brokers, redis_port, admin_port):
    """The bridge, which starts again by itself as under systemd; does not wait for it."""
    return stage.start("penstock", [PENSTOCK, "run", "-c", conf], restart=True,
                       env={"KAFKA_BROKERS": brokers, "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
                            "ADMIN_LISTEN": f"127.0.0.1:{admin_port}"})


def probe(port, path):
    """(status, text) of a page of penstock's admin port; (0, reason) if nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()
    except OSError as failure:
        return 0, str(failure)
