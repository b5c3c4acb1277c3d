"""A mock cluster of several brokers (tests/tools/kafka_mock.c), for what one broker cannot do."""
import os
import subprocess

from harness import Kafka
from harness.child import BUILD, Child

# Kafka's numbers of requests and errors.
METADATA, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT = 3, 8, 9, 10, 11, 12
NOT_COORDINATOR, ILLEGAL_GENERATION, UNKNOWN_MEMBER, REBALANCE, FENCED_INSTANCE = 16, 22, 25, 27, 82


class Mock(Kafka):
    """Lives in a process of its own, which may be stopped and resumed, and forgets when killed."""

    def __init__(self, folder, count=3):  # pylint: disable=super-init-not-called
        self.folder, self.count = folder, count
        self.start()

    def start(self, wait=True):
        self.child = Child([os.path.join(BUILD, "tests", "kafka_mock"), str(self.count)],
                           os.path.join(self.folder, "mock.log"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
        self.brokers = self.child.process.stdout.readline().decode().strip()

    def stop(self):
        if self.child.running:
            self.child.kill()

    def order(self, *words):
        """One line to the cluster."""
        pipe, answer = self.child.process.stdin, self.child.process.stdout
        pipe.write((" ".join(map(str, words)) + "\n").encode())
        pipe.flush()
        said = answer.readline().decode().strip()
        if said != "ok":
            raise RuntimeError(f"the mock cluster, {words}: {said}")

    def create(self, topic, partitions, **config):
        self.order("topic", topic, partitions)
