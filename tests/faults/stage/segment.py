"""What Kafka keeps of one partition on its disk, and how a batch in it is broken.

Of a batch (record batch format, version 2) only these fields are touched: magic at byte 16, the CRC
at 17, and attributes at 21, whose lowest bits name the codec. All else stays as it was, and with it
Kafka's indexes: a broker that was stopped cleanly believes its disk.
"""
import os
import struct

HEAD_BYTES = 12  # base offset and length
MAGIC_AT, CRC_AT, ATTRIBUTES_AT = 16, 17, 21
GZIP = 1


def crc32c_table():  # Castagnoli's polynomial, of RFC 3720
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc32c_table()


def crc32c(content):
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


# --- ways to break a batch: each takes its bytes and changes them ---------------------------------

def flip(batch, what):
    """One bit of the value in which `what` stands; its CRC stays."""
    batch[batch.index(what)] ^= 1


def name_codec(batch, codec):
    """As if its records were packed so; the CRC is made right again."""
    batch[ATTRIBUTES_AT + 1] = batch[ATTRIBUTES_AT + 1] & ~7 | codec
    make_right(batch)


def name_magic(batch, magic):
    """As if it had another format; the CRC does not cover this byte."""
    batch[MAGIC_AT] = magic


def name_old_format(batch):
    """As if it had format 1 and were packed: its attributes lie where the CRC begins now."""
    batch[MAGIC_AT], batch[CRC_AT] = 1, GZIP


def make_right(batch):
    struct.pack_into(">I", batch, CRC_AT, crc32c(batch[ATTRIBUTES_AT:]))


# --- the file -------------------------------------------------------------------------------------

class Segment:
    """The first segment of one partition; to be written while its broker is down."""

    def __init__(self, kafka, topic, partition):
        self.path = os.path.join(kafka.folder, "data", f"{topic}-{partition}", f"{0:020}.log")

    def batches(self):
        """{base offset: (where it begins, its bytes)}."""
        found, start = {}, 0
        with open(self.path, "rb") as file:
            content = file.read()
        while start + HEAD_BYTES <= len(content):
            base, length = struct.unpack_from(">qi", content, start)
            end = start + HEAD_BYTES + length
            found[base] = start, bytearray(content[start:end])
            start = end
        return found

    def batch(self, base):
        return self.batches()[base][1]

    def change(self, base, change):
        """Breaks the batch at this offset; what is there now."""
        start, batch = self.batches()[base]
        change(batch)
        with open(self.path, "r+b") as file:
            file.seek(start)
            file.write(batch)
        return batch
