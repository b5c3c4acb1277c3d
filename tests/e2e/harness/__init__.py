"""What the scenarios of tests/e2e share: the servers, penstock itself, and the checks.

Python's standard library only. Everything listens on the loopback, on ports found free, and ends
with the scenario, however that ends.
"""
from . import alerts
from .certificates import Certificates
from .check import Failure, expect, expect_equal, wait_until
from .conf import conf, route
from .kafka import Kafka, Producer
from .log import Flow, Log, Record
from .penstock import Penstock
from .proxy import Proxy
from .redis import Redis, RedisError
from .scenario import main

__all__ = [
    "Certificates", "Failure", "Flow", "Kafka", "Log", "Penstock", "Producer", "Proxy", "Record", "Redis",
    "RedisError", "alerts", "conf", "expect", "expect_equal", "main", "route", "wait_until",
]
