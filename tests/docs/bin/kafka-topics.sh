#!/usr/bin/env bash
# What Kafka's script of this name runs, with the jars of build/kafka. BROKERS stands for HOST:PORT.
exec java -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$PROJECT/build/kafka/*" org.apache.kafka.tools.TopicCommand "${@/%BROKERS/BROKERS:9092}"
