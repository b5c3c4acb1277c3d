"""A Kafka client for what the examples need: librdkafka, which penstock has brought along, called from Python."""
import ctypes
import time

from .stage import Failure

_KAFKA = ctypes.CDLL("librdkafka.so.1")
_TEXT, _POINTER, _SIZE = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t
_PRODUCER, _ANY_PARTITION, _COPY = 0, -1, 2  # RD_KAFKA_PRODUCER, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY
_QUEUE_FULL = -184

for _name, _result, *_arguments in (
        ("conf_new", _POINTER),
        ("conf_set", ctypes.c_int, _POINTER, _TEXT, _TEXT, _TEXT, _SIZE),
        ("conf_set_dr_msg_cb", None, _POINTER, _POINTER),
        ("new", _POINTER, ctypes.c_int, _POINTER, _TEXT, _SIZE),
        ("topic_new", _POINTER, _POINTER, _TEXT, _POINTER),
        ("produce", ctypes.c_int, _POINTER, ctypes.c_int32, ctypes.c_int, _TEXT, _SIZE, _TEXT, _SIZE, _POINTER),
        ("last_error", ctypes.c_int),
        ("err2str", _TEXT, ctypes.c_int),
        ("poll", ctypes.c_int, _POINTER, ctypes.c_int),
        ("flush", ctypes.c_int, _POINTER, ctypes.c_int),
        ("outq_len", ctypes.c_int, _POINTER),
        ("NewTopic_new", _POINTER, _TEXT, ctypes.c_int, ctypes.c_int, _TEXT, _SIZE),
        ("NewTopic_set_config", ctypes.c_int, _POINTER, _TEXT, _TEXT),
        ("CreateTopics", None, _POINTER, _POINTER, _SIZE, _POINTER, _POINTER),
        ("queue_new", _POINTER, _POINTER),
        ("queue_poll", _POINTER, _POINTER, ctypes.c_int),
        ("event_error", ctypes.c_int, _POINTER),
        ("event_CreateTopics_result", _POINTER, _POINTER),
        ("CreateTopics_result_topics", _POINTER, _POINTER, _POINTER),
        ("topic_result_error", ctypes.c_int, _POINTER)):
    _function = getattr(_KAFKA, f"rd_kafka_{_name}")
    _function.restype, _function.argtypes = _result, _arguments


class KafkaError(Failure):
    """What librdkafka says."""


class _Message(ctypes.Structure):
    """The head of rd_kafka_message_t: all that a delivery report is asked for."""
    _fields_ = [("err", ctypes.c_int)]


class Producer:
    """Idempotent: each record once and in order. Records with one key go to one partition."""

    def __init__(self, brokers):
        self.failed = 0
        self._topics = {}
        self._report = ctypes.CFUNCTYPE(None, _POINTER, ctypes.POINTER(_Message), _POINTER)(self._delivered)
        conf = _KAFKA.rd_kafka_conf_new()
        error = ctypes.create_string_buffer(512)
        for name, value in (("bootstrap.servers", brokers), ("enable.idempotence", "true"), ("linger.ms", "5"),
                            ("partitioner", "murmur2_random"), ("log_level", "2")):
            if _KAFKA.rd_kafka_conf_set(conf, name.encode(), value.encode(), error, len(error)) != 0:
                raise KafkaError(error.value.decode())
        _KAFKA.rd_kafka_conf_set_dr_msg_cb(conf, ctypes.cast(self._report, _POINTER))
        self._kafka = _KAFKA.rd_kafka_new(_PRODUCER, conf, error, len(error))
        if not self._kafka:
            raise KafkaError(error.value.decode())

    def _delivered(self, _kafka, message, _opaque):
        if message.contents.err:
            self.failed += 1

    def create(self, topic, partitions, **config):
        """Creates a topic; waits for it."""
        error = ctypes.create_string_buffer(512)
        new = _KAFKA.rd_kafka_NewTopic_new(topic.encode(), partitions, 1, error, len(error))
        for name, value in config.items():
            _KAFKA.rd_kafka_NewTopic_set_config(new, name.replace("_", ".").encode(), value.encode())
        queue = _KAFKA.rd_kafka_queue_new(self._kafka)
        _KAFKA.rd_kafka_CreateTopics(self._kafka, ctypes.byref(_POINTER(new)), 1, None, queue)
        event = _KAFKA.rd_kafka_queue_poll(queue, 30000)
        if not event:
            raise KafkaError(f"topic {topic}: no answer within 30 s")
        code = _KAFKA.rd_kafka_event_error(event)
        if not code:
            count = _SIZE()
            topics = _KAFKA.rd_kafka_CreateTopics_result_topics(_KAFKA.rd_kafka_event_CreateTopics_result(event),
                                                                ctypes.byref(count))
            code = _KAFKA.rd_kafka_topic_result_error(ctypes.cast(topics, ctypes.POINTER(_POINTER))[0])
        if code:
            raise KafkaError(f"topic {topic}: {_KAFKA.rd_kafka_err2str(code).decode()}")

    def send(self, topic, key, value):
        """Puts a record into the queue; the value None is a tombstone."""
        if topic not in self._topics:
            self._topics[topic] = _KAFKA.rd_kafka_topic_new(self._kafka, topic.encode(), None)
        key = key.encode()
        raw = None if value is None else value.encode()
        while _KAFKA.rd_kafka_produce(self._topics[topic], _ANY_PARTITION, _COPY, raw, 0 if raw is None else len(raw),
                                      key, len(key), None) != 0:
            code = _KAFKA.rd_kafka_last_error()
            if code != _QUEUE_FULL:
                raise KafkaError(_KAFKA.rd_kafka_err2str(code).decode())
            _KAFKA.rd_kafka_poll(self._kafka, 100)  # Kafka is slow or away: wait for room

    def poll(self):
        """Takes the delivery reports that have come; call it now and then."""
        _KAFKA.rd_kafka_poll(self._kafka, 0)

    def flush(self, seconds=60):
        """Waits until Kafka has acknowledged everything."""
        deadline = time.monotonic() + seconds
        while _KAFKA.rd_kafka_outq_len(self._kafka) and time.monotonic() < deadline:
            _KAFKA.rd_kafka_flush(self._kafka, 1000)
        left = _KAFKA.rd_kafka_outq_len(self._kafka)
        if left or self.failed:
            raise KafkaError(f"{left + self.failed} records did not reach Kafka")
