"""A database with two tables, simulated, that writes its change events as Debezium does.

No database and no Debezium runs here. The records are what Debezium's PostgreSQL connector sends with Connect's
JsonConverter, for tables with REPLICA IDENTITY FULL (so that `before` is the whole row):

    shop.public.products     schemas.enable=false: the value is the envelope
    shop.public.customers    schemas.enable=true: {"schema": ..., "payload": the envelope}

A delete is an event with op "d" and then a tombstone.
"""
import json
import random
import threading
import time

PRODUCTS, CUSTOMERS = "shop.public.products", "shop.public.customers"
CATEGORIES = ("valves", "pipes", "pumps", "gauges", "seals", "turbines")
_KINDS = ("ball", "gate", "check", "brass", "steel", "copper", "rotary", "twin", "sealed", "spare")
_NAMES = ("Ada", "Bela", "Chen", "Dana", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jonas")

_ROW_SCHEMA = {"type": "struct", "optional": True, "name": f"{CUSTOMERS}.Value", "fields": [
    {"type": "int32", "optional": False, "field": "id"},
    {"type": "string", "optional": False, "field": "name"},
    {"type": "string", "optional": True, "field": "email"}]}
_ENVELOPE_SCHEMA = {"type": "struct", "optional": False, "name": f"{CUSTOMERS}.Envelope", "version": 2, "fields": [
    {**_ROW_SCHEMA, "field": "before"}, {**_ROW_SCHEMA, "field": "after"},
    {"type": "string", "optional": False, "field": "op"},
    {"type": "int64", "optional": True, "field": "ts_ms"}]}
_KEY_SCHEMA = {"type": "struct", "optional": False, "name": f"{CUSTOMERS}.Key",
               "fields": [{"type": "int32", "optional": False, "field": "id"}]}


def _json(value):
    return json.dumps(value, separators=(",", ":"))


class Database:
    """Rows by id. Every change is an event; `changes(per_second)` makes some at random until `stop()`."""

    def __init__(self, producer, products, customers, seed):
        self._producer, self._random = producer, random.Random(seed)
        self._lock = threading.Lock()  # a change and its event are one step, as in a log of a database
        self._lsn = 1000
        self.products = {number: self._new_product(number) for number in range(1, products + 1)}
        self.customers = {number: self._new_customer(number) for number in range(1, customers + 1)}

    def _new_product(self, number):
        category = self._random.choice(CATEGORIES)
        return {"id": number, "name": f"{self._random.choice(_KINDS)} {category[:-1]} {number}", "category": category,
                "price_cents": self._random.randrange(200, 90000), "stock": self._random.randrange(500)}

    def _new_customer(self, number):
        name = self._random.choice(_NAMES)
        return {"id": number, "name": name, "email": self._random.choice((None, f"{name.lower()}{number}@example.com"))}

    def snapshot(self):
        """What Debezium does first: each row as an event with op "r"."""
        for row in self.products.values():
            self._send(PRODUCTS, row["id"], "r", None, row)
        for row in self.customers.values():
            self._send(CUSTOMERS, row["id"], "r", None, row)
        self._producer.flush(300)

    def insert(self):
        """A new product; its id."""
        with self._lock:
            number = max(self.products, default=0) + 1
            row = self.products[number] = self._new_product(number)
            self._send(PRODUCTS, number, "c", None, row)
            return number

    def update(self, number, **columns):
        """Changes columns of a product; KeyError if there is none."""
        with self._lock:
            before = self.products[number]
            row = self.products[number] = {**before, **columns}
            self._send(PRODUCTS, number, "u", before, row)

    def delete(self, number):
        """Deletes a product; KeyError if there is none."""
        with self._lock:
            before = self.products.pop(number)
            self._send(PRODUCTS, number, "d", before, None)
            self._tombstone(PRODUCTS, number)

    def changes(self, per_second):
        """Random changes: mostly of prices and stocks, sometimes of the category, a few rows come and go."""
        def work():
            while True:
                time.sleep(1 / per_second)
                self._change()
        threading.Thread(target=work, daemon=True).start()

    def _change(self):
        number, dice = self._random.choice(list(self.products)), self._random.random()
        if dice < 0.80:
            self.update(number, stock=self._random.randrange(500), price_cents=self._random.randrange(200, 90000))
        elif dice < 0.90:
            self.update(number, category=self._random.choice(CATEGORIES))
        elif dice < 0.95:
            self.insert()
        else:
            self.delete(number)
        self._producer.poll()

    def _send(self, topic, number, op, before, after):
        self._lsn += 8
        now = int(time.time() * 1000)
        envelope = {"before": before, "after": after,
                    "source": {"version": "2.7.0.Final", "connector": "postgresql", "name": "shop", "ts_ms": now,
                               "snapshot": "true" if op == "r" else "false", "db": "shop", "schema": "public",
                               "table": topic.rpartition(".")[2], "txId": self._lsn // 8, "lsn": self._lsn, "xmin": None},
                    "op": op, "ts_ms": now, "transaction": None}
        if topic == CUSTOMERS:
            envelope = {"schema": _ENVELOPE_SCHEMA, "payload": envelope}
        self._producer.send(topic, self._key(topic, number), _json(envelope))

    def _tombstone(self, topic, number):
        self._producer.send(topic, self._key(topic, number), None)

    @staticmethod
    def _key(topic, number):
        return _json({"id": number} if topic == PRODUCTS else {"schema": _KEY_SCHEMA, "payload": {"id": number}})
