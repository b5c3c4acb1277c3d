"""What both examples stand on: a Redis, a Kafka and a penstock of their own on this machine, and small clients for the first two.

Python's standard library only. Everything listens on the loopback, on ports found free, keeps its data in a
temporary folder, and ends with the command, however that ends.
"""
