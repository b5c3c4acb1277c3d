"""Family E: Redis, its restarts and its moods."""
import contextlib
import glob
import os
import signal
import time

from harness import Certificates
from harness.child import free_port

from stage import (RAW_TRACE, RECONNECTS, TRACE, Again, Ask, Call, Cannot, Drop, Fault, Kill, Record,
                   Says, Spokesman, row, wait_until)

DEBUG = ("--enable-debug-command", "yes")
PROTECTED = ("--enable-protected-configs", "yes")
CONFIG = ("CONFIG", "SET")


def mood(scene, name, begin, heal, word):
    """A state of the server in which it answers by an error that begins with `word`."""
    return Ask(scene.redis, name, begin, heal, lambda: scene.redis.errors(word))


def refused(scene, fault, says, seconds=2):
    """The shape of most rows: it refuses for a while, penstock says so, does not spin, goes on."""
    with scene.fault(fault, live=15):
        scene.run(seconds)
        scene.unready(says)
        scene.idle()


# --- restarts ------------------------------------------------------------------------------------

@row("E1", "1 2 3 4 9 10 13", seconds=45, both=True)
def redis_starts_anew_with_its_log(scene):
    """kill -9 of a Redis with an append-only file, twice: nothing is lost, and the restart is
    told."""
    scene.start(aof=True)
    scene.load(1000)
    for _ in range(2):
        scene.run(1.5)
        with scene.fault(Kill(scene.redis, "Redis"), shows=RECONNECTS):
            scene.run(1)
            scene.unready()
            scene.idle()
    if not scene.exactly:  # else nothing is lost that the checkpoint does not tell
        scene.check("I10", "redis was restarted" in scene.penstock.log(), "the log says so")
    scene.drain()
    scene.judge()


@row("E1lost", "3 9 10 13", seconds=45)
def redis_starts_anew_with_nothing(scene):
    """kill -9 of a Redis that keeps nothing: what it had answered is gone, which at_least_once can
    only tell; what it had not answered is not lost."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    with scene.fault(Drop(scene.redis.port)):
        scene.run(1)
        kept = scene.redis.read()  # all that it has answered, and perhaps more
        with scene.fault(Kill(scene.redis, "Redis"), live=None):
            pass
    scene.check("I10", "acknowledged writes may be lost" in scene.penstock.log(), "the log says what is lost")
    scene.drain()
    scene.redis.read = kept.joined(scene.redis.read)
    scene.judge()


@row("E1backup", "1 2 3 4 10 13", seconds=45, delivery="exactly_once")
def redis_comes_back_with_an_old_backup(scene):
    """kill -9 of a Redis that then starts with a dump some seconds old: data and checkpoint are of
    one moment, so that what it lost is read again, and is there once."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    scene.redis.ask("SAVE")
    scene.run(3)
    before = scene.redis.arrived()
    fault = Kill(scene.redis, "Redis")
    with scene.fault(fault, live=None):
        pass
    after = scene.redis.arrived()
    scene.check("I13", 0 < after < before,
                f"Redis had {before} records, and {after} after the restart")
    scene.counts_once = False
    scene.drain()
    scene.judge()


@row("E2", "1 2 9 13", seconds=60, both=True)
def redis_is_loading(scene):
    """A restart that loads for seconds: LOADING is retried, nothing is refused."""
    scene.start(redis=DEBUG + ("--loading-process-events-interval-bytes", "1024"), aof=True)
    scene.redis.ask("DEBUG", "POPULATE", 20000)
    scene.redis.ask("BGREWRITEAOF")
    wait_until(lambda: scene.redis.counted("aof_rewrite_in_progress") == 0
               and scene.redis.counted("aof_rewrite_scheduled") == 0, 20, "the file is written")
    scene.load(500)
    scene.run(1)
    scene.redis.options += ["--key-load-delay", "300"]
    with scene.fault(Loading(scene), shows=RECONNECTS, live=20):
        scene.unready("LOADING")
        scene.idle()
    scene.drain()
    scene.judge()


class Loading(Fault):
    """Redis dies, and takes seconds to load its data."""

    name = "Redis loads for seconds"

    def __init__(self, scene):
        self.redis, self.seconds, self.loading = scene.redis, 0, False

    def begin(self):
        self.redis.kill()
        self.redis.launch()
        self.began = time.monotonic()

    def heal(self):
        wait_until(lambda: self.redis.answers(), 40, "it has loaded")
        self.seconds = time.monotonic() - self.began

    def evidence(self):
        return f"it loaded for {self.seconds:.1f} s" if self.seconds > 2 else ""


# --- moods ---------------------------------------------------------------------------------------

@row("E3", "1 8 9 12 13", seconds=40, quick=True, both=True)
def out_of_memory(scene):
    """Redis refuses every write by OOM: the same again later, no new connection, nothing
    dropped."""
    scene.start()
    scene.load(1000)
    scene.run(1)
    refused(scene, mood(scene, "maxmemory of 1 MB", [(*CONFIG, "maxmemory", "1mb")],
                        [(*CONFIG, "maxmemory", "0")], "OOM"), "OOM")
    scene.drain()
    scene.check("I8", scene.metric(*RECONNECTS) == 0, "no connection was lost")
    scene.judge()


@row("E4", "1 4 10 13", seconds=40, delivery="exactly_once")
def checkpoints_may_be_evicted(scene):
    """maxmemory-policy allkeys-lru may throw checkpoints away: not a record is written until it is
    another one, and /readyz says why."""
    scene.start(redis=("--maxmemory-policy", "allkeys-lru"), wait=False)
    scene.load(500)
    with scene.fault(Ask(scene.redis, "allkeys-lru", [],
                         [(*CONFIG, "maxmemory-policy", "volatile-lru")]), live=45):
        scene.unready("maxmemory-policy", 15)
        scene.run(2)
        scene.check("I4", scene.redis.arrived() == 0, "nothing is written")
    scene.drain()
    scene.judge()


@row("E5", "1 9 13", seconds=30, both=True)
def it_cannot_persist(scene):
    """MISCONF: its folder is gone and it refuses writes; retried until it can again."""
    scene.start(redis=PROTECTED + ("--save", "3600 1000000"))
    scene.load(500)
    scene.run(1)
    redis = scene.redis

    def fail_to_save():
        redis.ask(*CONFIG, "dbfilename", "no.rdb")
        redis.ask(*CONFIG, "dir", "/proc/self")
        redis.ask("BGSAVE")

    def save_again():
        redis.ask(*CONFIG, "dir", redis.folder)
        redis.ask("BGSAVE")

    refused(scene, Call("MISCONF", fail_to_save, save_again,
                        lambda: redis.errors("MISCONF") and f"{redis.errors('MISCONF')} times"),
            "MISCONF")
    scene.drain()
    scene.judge()


@row("E6", "1 3 4 9 13", seconds=40, both=True)
def demoted(scene):
    """The server becomes a replica of one that is away: READONLY; the connection is made anew until
    it is a master again."""
    scene.start()
    scene.load(1000)
    scene.run(1)
    refused(scene, mood(scene, "REPLICAOF", [("REPLICAOF", "127.0.0.1", 1)],
                        [("REPLICAOF", "NO", "ONE")], "READONLY"), "READONLY")
    scene.drain()
    scene.judge()


@row("E6master", "1 3 4 9 13", seconds=40)
def a_replica_without_its_master(scene):
    """MASTERDOWN: a replica that serves no stale data."""
    scene.start()
    scene.load(1000)
    scene.run(1)
    refused(scene, Ask(
        scene.redis, "replica-serve-stale-data no", [
            (*CONFIG, "replica-serve-stale-data", "no"), (*CONFIG, "replica-read-only", "no"),
            ("REPLICAOF", "127.0.0.1", 1)], [("REPLICAOF", "NO", "ONE")],
        lambda: scene.redis.errors("MASTERDOWN")), "MASTERDOWN")
    scene.drain()
    scene.judge()


@row("E11", "1 9 13", seconds=30, both=True)
def somebody_elses_slow_script(scene):
    """BUSY: a script runs for ever, until it is killed."""
    scene.start(redis=("--busy-reply-threshold", "100"))
    scene.load(1000)
    scene.run(1)
    redis = scene.redis
    runner = redis.connect()
    refused(scene, Call("a script runs for ever",
                        lambda: runner.send(("EVAL", "while true do end", 0)),
                        lambda: (redis.ask("SCRIPT", "KILL"), wait_until(
                            redis.answers, 5, "the script has ended")),
                        lambda: redis.errors("BUSY") and f"BUSY {redis.errors('BUSY')} times"),
            "BUSY")
    scene.drain()
    scene.judge()


@row("E12", "3 4 13", seconds=30)
def scripts_that_are_flushed(scene):
    """A route by EVALSHA, and SCRIPT FLUSH: NOSCRIPT holds it, and it goes on once the script is
    there."""
    script = "return redis.call('RPUSH', KEYS[1], ARGV[1])"
    scene.start(members=0)
    sha = scene.redis.ask("SCRIPT", "LOAD", script).decode()
    scene.text = scene.text.replace("RPUSH list:%{$key} %{seq}",
                                    f"EVALSHA {sha} 1 list:%{{$key}} %{{seq}}")
    scene.join("penstock-1")
    scene.load(500)
    scene.run(1)
    with scene.fault(Ask(scene.redis, "SCRIPT FLUSH", [("SCRIPT", "FLUSH")],
                         [("SCRIPT", "LOAD", script)], lambda: scene.redis.errors("NOSCRIPT")),
                     live=40):
        scene.run(1)
        scene.unready("NOSCRIPT")
        scene.idle()
    scene.one_owner = False
    scene.may_repeat += 2 * 512  # the other commands of the records behind the refused one
    scene.drain(40)
    scene.judge()


@row("E13", "1 10 13", seconds=60, both=True)
def rights_that_are_taken(scene):
    """NOPERM, then a password that is no longer good: writing stops, nothing is dropped, the secret
    is not in the log; it goes on once it may."""
    secret = "sesame-7431"
    scene.secrets.append(secret)
    scene.start(members=0)
    user = ("ACL", "SETUSER", "pen", "on", "~*", "&*", "+@all")
    scene.redis.ask(*user, f">{secret}")
    scene.text = scene.text.replace("redis://", f"redis://pen:{secret}@")
    scene.join("penstock-1")
    scene.load(500)
    scene.run(1)
    redis = scene.redis
    with scene.fault(mood(scene, "no right to XADD", [("ACL", "SETUSER", "pen", "-xadd")],
                          [("ACL", "SETUSER", "pen", "+xadd")], "NOPERM"), live=40):
        scene.run(1)
        scene.unready("NOPERM")
        scene.idle()
    with scene.fault(Ask(redis, "another password", [
            ("ACL", "SETUSER", "pen", "resetpass", ">other"), ("CLIENT", "KILL", "USER", "pen")],
            [("ACL", "SETUSER", "pen", f">{secret}")], lambda: redis.errors("WRONGPASS")),
            shows=RECONNECTS, live=40):
        scene.run(1)
        scene.unready("WRONGPASS")
        scene.idle()
    scene.one_owner = False
    scene.may_repeat += 2 * 512  # what was behind the refused command
    scene.drain(40)
    scene.judge()


@row("E14", "2 3 4 8 9 13", seconds=60, both=True)
def clients_not_welcome(scene):
    """Too many clients, clients that are killed, a pause of all writes, an output buffer's
    limit."""
    scene.start()
    scene.load(500)
    scene.run(1)
    redis = scene.redis

    def no_more():
        redis.ask(*CONFIG, "maxclients", 1)
        redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def rejected():
        count = redis.counted("rejected_connections")
        return f"{count} connections were rejected" if count else ""

    with scene.fault(Call("maxclients 1", no_more, lambda: redis.ask(*CONFIG, "maxclients", 100),
                          rejected), shows=RECONNECTS):
        scene.run(3)
        scene.unready()
        scene.idle()
    killed = Again("CLIENT KILL", 0.3, lambda: redis.ask("CLIENT", "KILL", "TYPE", "normal",
                                                         "SKIPME", "yes"))
    with scene.fault(killed, shows=RECONNECTS):
        scene.run(4)
    with scene.fault(Ask(redis, "CLIENT PAUSE", [("CLIENT", "PAUSE", 4000, "WRITE")])):
        scene.run(3)
        scene.idle(1)
    scene.drain()
    scene.judge()


@row("E15", "2 8 9 13", seconds=40)
def a_slow_reader(scene):
    """Large values and a Redis that sleeps: both sides' buffers are full, and it is read while it
    writes."""
    scene.start(redis=DEBUG, size=200_000, sink='window_bytes = "16MiB";', response="20s")
    redis = scene.redis
    scene.load(50)
    scene.run(1)
    for _ in range(2):
        with scene.fault(Ask(redis, "Redis sleeps for 3 s", [("DEBUG", "SLEEP", 3)])):
            pass
        scene.run(1)
    scene.drain()
    scene.judge()


@row("E16", "9 13", seconds=40)
def big_keys_that_go(scene):
    """A tombstone for a hash of 10^6 fields, without a `del` of its own: the key is gone, and Redis
    did not stand still for it."""
    scene.start(commands=["SET last:%{$key} %{$value}"], format="raw")
    redis = scene.redis
    redis.ask("EVAL", "for i = 1, 1000 do local t = {} for j = 1, 1000 do t[j] = i * 1000 + j end "
              "redis.call('RPUSH', KEYS[1], unpack(t)) end return 1", 1, "last:big")
    redis.ask(*CONFIG, "slowlog-log-slower-than", 20000)
    redis.ask("SLOWLOG", "RESET")
    scene.send([Record(0, b"big", None), Record(0, b"after", b"1")])
    wait_until(lambda: redis.ask("GET", "last:after"), 10, "what comes after it")
    scene.check("I3", redis.ask("EXISTS", "last:big") == 0, "the key is gone")
    scene.check("I9", redis.ask("SLOWLOG", "LEN") == 0, "no command took 20 ms")
    scene.verdict("I13", [], "10^6 elements were deleted")
    scene.drain()
    scene.stop_members()


@row("E18", "1 2 3 4 13", seconds=60)
def ids_made_of_offsets(scene):
    """XADD with ids made of offsets, at least once, kill -9 and lost connections: what Redis
    refuses as equal or smaller is there already, and nothing is there twice."""
    scene.start(session=1000, commands=[
        "XADD stream:%{$partition} %{$offset}-1 o %{$offset} k %{$key} v %{$value}"])
    scene.load(1000)
    scene.once = True
    for _ in range(5):
        scene.penstock.wait_flowing()
        scene.run(scene.random.uniform(0.2, 0.6))
        scene.kill(scene.penstock)
    scene.penstock.wait_flowing()
    with scene.fault(Ask(scene.redis, "CLIENT KILL", [
            ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")]), shows=RECONNECTS):
        pass
    scene.drain()
    scene.note(f"Redis refused {scene.redis.errors('ERR')} ids")
    scene.judge()


@row("E19", "1 2 3 4 5 10 13", seconds=90, both=True)
def records_that_end_connections(scene):
    """client-query-buffer-limit of 1 MB, three records of 3 MB among the others, clients that are
    killed meanwhile: only these three are refused, with their offsets, and the rest arrives."""
    scene.fate = lambda partition, offset, record: (
        "dropped" if len(record.value) > 2 << 20 else "written")
    scene.start(on_error="skip", commands=RAW_TRACE, format="raw",
                redis=("--client-query-buffer-limit", "1mb"))
    redis = scene.redis
    scene.load(200)
    scene.run(1)
    for number in range(3):
        scene.send([Record(number, b"big%d" % number, scene.random.randbytes(3 << 20))])
        scene.run(0.5)
    scene.run(2)
    with scene.fault(Again("CLIENT KILL", 0.7, lambda: redis.ask("CLIENT", "KILL", "TYPE", "normal",
                                                                 "SKIPME", "yes")),
                     shows=RECONNECTS, live=None):
        scene.run(5)
    scene.drain(60)
    scene.check("I10", scene.penstock.log().count("without an answer\"") >= 3,
                "the log says which records end connections")
    scene.judge()


@row("E18top", "1 2 3 4 5 10 13", seconds=60)
def a_stream_whose_top_id_is_elsewhere(scene):
    """Somebody writes to the streams of E18, and takes it out again: every id made of an offset is
    below the last one from then on. Whatever is killed and lost behind that, each record is a
    letter, none passes for written."""
    topic, top = scene.topic + ".dlq", {}
    scene.kafka.create(topic, 1)
    scene.fate = lambda partition, offset, _: (
        "dead_lettered" if offset >= top.get(partition, offset + 1) else "written")
    scene.start(session=1000, on_error="dlq", top=f'dlq = {{ source = "main"; topic = "{topic}"; }};',
                commands=["XADD stream:%{$partition} %{$offset}-1 o %{$offset} k %{$key} v %{$value}"])
    scene.load(500)
    scene.run(1)
    scene.drain()
    for partition, records in scene.expected().items():
        top[partition] = max(records) + 1
        stream = f"stream:{partition}"
        scene.redis.ask("XDEL", stream, scene.redis.ask("XADD", stream, "*", "by", "hand"))
    scene.kill(scene.penstock)
    scene.load(500)

    def buried():
        with contextlib.suppress(OSError):  # it only starts
            return scene.penstock.scrape().outcome("dead_lettered")

    for _ in range(3):
        wait_until(buried, 20, "letters")
        scene.run(scene.random.uniform(0.2, 0.6))
        scene.kill(scene.penstock)
    wait_until(buried, 20, "letters")
    with scene.fault(Ask(scene.redis, "CLIENT KILL", [
            ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")]), shows=RECONNECTS, live=None):
        scene.run(1)
    scene.drain()
    letters = {(int(letter["headers"]["__connect.errors.partition"]),
                int(letter["headers"]["__connect.errors.offset"])) for letter in scene.letters(topic)}
    dead = {(partition, offset) for partition, records in scene.expected("dead_lettered").items()
            for offset in records}
    scene.check("I1", letters == dead, f"letters of {len(letters)} records, {len(dead)} are refused")
    scene.counts_once = False
    scene.judge()


@row("E23", "1 2 3 4 9 10 13", seconds=60, both=True)
def reloads_while_redis_is_away(scene):
    """A command that no record can fill holds every partition; then Redis is killed, and the file is
    mended and read again five times a second: held partitions are tried again, all arrives."""
    scene.start(aof=True, commands=TRACE + ["SET bad %{nothing}"])
    scene.load(500)
    scene.unready("nothing")
    bad = '"SET bad %{nothing}"'
    wait_until(lambda: scene.metric("penstock_kafka_partition_held") == 4, 10, "each partition is held")
    penstock, reloads = scene.penstock, ("penstock_reloads_total", "result", "ok")
    with open(penstock.conf_path, encoding="utf-8") as file:
        text = file.read()

    def reload(number):
        with open(penstock.conf_path, "w", encoding="utf-8") as file:
            file.write(text.replace(bad, f'"SET good {number}"'))
        penstock.child.signal(signal.SIGHUP)
        scene.run(0.2)

    with scene.fault(Kill(scene.redis, "Redis"), shows=RECONNECTS):
        for number in range(20):
            reload(number)
        scene.unready()
        scene.idle()
    scene.check("I13", scene.metric(*reloads) >= 15, f"{scene.metric(*reloads):.0f} reloads")
    scene.drain()
    scene.check("I10", scene.redis.ask("GET", "good") == b"19", "the newest command is the one in use")
    scene.judge()


# --- proxies -------------------------------------------------------------------------------------

@row("E21", "1 2 3 4 8 9 10 13", seconds=45, both=True)
def a_proxy_that_loses_its_server(scene):
    """A proxy says for 5 s, in its own words, that it has no server, and had every second command
    carried out: penstock connects anew, nothing is lost, and it goes on by itself."""
    scene.start(proxy=Spokesman)
    scene.load(200)
    scene.run(1)
    with scene.fault(Says(scene.proxy, "upstream failure"), shows=RECONNECTS, live=20):
        scene.run(5)
        scene.unready("upstream failure")
        scene.idle()
    scene.drain()
    scene.judge()


@row("E22", "1 2 3 4 8 10 13", seconds=75, both=True)
def words_that_nobody_knows(scene):
    """A proxy says for 5 s what no table has: nothing is skipped, the words are told, and it goes on
    by itself when they are tried again."""
    scene.start(proxy=Spokesman)
    scene.load(100)
    scene.run(1)
    with scene.fault(Says(scene.proxy, "BACKEND is not ready yet"), live=45):
        scene.run(5)
        scene.unready("BACKEND is not ready yet")
    scene.one_owner = False
    scene.may_repeat += 2 * 512  # what was behind the refused command
    scene.drain(40)
    scene.judge()


# --- TLS -----------------------------------------------------------------------------------------

def certificates(scene):
    """Good and bad ones for a server at localhost."""
    made = Certificates(scene.folder)
    made.issue("good")
    made.issue("misnamed", "DNS:elsewhere")
    made.authority("stranger")
    made.issue("strange", authority="stranger")
    with Yesterday():
        made.issue("expired")
    return made


class Yesterday:
    """Certificates that are made meanwhile have expired: they are good for two days."""

    def __enter__(self):
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        if not found:
            raise Cannot("needs libfaketime")
        os.environ.update(LD_PRELOAD=found[0], FAKETIME="-10d")

    def __exit__(self, *_):
        del os.environ["LD_PRELOAD"], os.environ["FAKETIME"]


@row("E17", "1 2 3 4 9 10 12 13", seconds=90, both=True)
def certificates_that_are_not_good(scene):
    """The server comes back with a certificate that has expired, that names another host, that
    nobody knows: it is told why, not a byte is written, and it goes on with a good one."""
    made, port = certificates(scene), free_port()

    def serve(name):
        return [(*CONFIG, "tls-cert-file", made.path(f"{name}.crt"),
                 "tls-key-file", made.path(f"{name}.key")),
                ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")]

    scene.start(members=0, redis=(
        "--tls-port", str(port), "--tls-auth-clients", "no",
        "--tls-ca-cert-file", made.path("ca.pem"), "--tls-cert-file", made.path("good.crt"),
        "--tls-key-file", made.path("good.key")))
    scene.text = scene.text.replace(scene.redis.url, f"rediss://localhost:{port}").replace(
        "window_commands", f'tls = {{ ca = "{made.path("ca.pem")}"; }}; window_commands', 1)
    scene.join("penstock-1")
    scene.load(500)
    for name, says in (("expired", "expired"), ("misnamed", "is not for"),
                       ("strange", "certificate")):
        scene.run(1)
        with scene.fault(Ask(scene.redis, f"a certificate that is {name}", serve(name),
                             serve("good")), shows=RECONNECTS, live=15):
            scene.unready(says)
            before = scene.redis.arrived()
            scene.idle()
            scene.check("I10", scene.redis.arrived() == before, "nothing is written meanwhile")
    scene.drain()
    scene.judge()
