#!/usr/bin/env python3
"""One Redis is away while another is well: its partitions are held, the others of the worker flow."""
from harness import Log, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN

PER_SECOND = 5_000


def the_well_one_goes_on(run):
    """One worker, two topics, two servers; one of them dies for some seconds."""
    kafka, well, sick = run.kafka(), run.redis(), run.redis(aof=True)
    logs = [Log(f"{run.topic}.{name}", 4, 1000, run.random) for name in ("well", "sick")]
    producers = []
    for log in logs:
        kafka.create(log.topic, 4)
        producers.append(run.producer(kafka))
    text = conf(kafka, well.url, run.group,
                [route("well", logs[0].topic, [SEEN, LAST], format="raw", all=True),
                 route("sick", logs[1].topic, [SEEN, LAST], format="raw", all=True, to="sick")])
    text = text.replace("sinks = {", f'sinks = {{ sick = {{ url = "{sick.url}"; }}; ')
    penstock = run.penstock(text)
    loads = [run.background(log.flow, producer, PER_SECOND)
             for log, producer in zip(logs, producers)]
    wait_until(lambda: penstock.scrape().outcome("written", "sick") > 0, 60, "the sick one is written")
    run.note("kill one Redis")
    sick.kill()
    wait_until(lambda: penstock.scrape().total("penstock_kafka_partition_held") > 0, 60,
               "its partitions are held")
    status, page = penstock.page("/readyz?verbose")
    expect(status == 503 and "sink sick" in page, f"/readyz says why: {page}")
    run.note("its partitions are held")
    before = penstock.scrape().outcome("written", "well")
    wait_until(lambda: penstock.scrape().outcome("written", "well") > before + PER_SECOND, 60,
               "the well one goes on")
    run.note("start it again")
    sick.start()
    wait_until(lambda: penstock.scrape().total("penstock_kafka_partition_held") == 0, 60,
               "its partitions are released")
    for log, load, producer in zip(logs, loads, producers):
        log.end_flow()
        load.join()
        producer.close()
    for log, redis in zip(logs, (well, sick)):
        log.wait_committed(kafka, run.group, 60)
        log.judge_repeats(redis, 0 if redis is well else 4096)
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(the_well_one_goes_on)
