"""What a start will run and where: decided, checked and prepared before anything is started."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

from cli.platform.disk import check_room
from cli.platform.failure import Misused
from cli.platform.home import Home
from cli.platform.jars import Progress, cache_folder, class_path, locked_jars
from cli.platform.java import find_java
from cli.platform.kafka import KafkaServer
from cli.platform.ports import choose, demanded
from cli.platform.postgres import PostgresServer
from cli.platform.services import instances
from cli.platform.state import State, fixed_partitions, read_state


def plan(home: Home, environment: Mapping[str, str], executors: int | None) -> State:
    """The state of the coming start, from the last one's and the environment. Raises Misused."""
    before = read_state(home.state)
    given = [bool(environment.get(name)) for name in ("SLIPWAY_KAFKA", "SLIPWAY_POSTGRES")]
    if any(given) and not all(given):
        raise Misused(
            "SLIPWAY_KAFKA and SLIPWAY_POSTGRES go together",
            "set both to use servers that run, or neither to start own",
        )
    partitions = fixed_partitions(before, environment.get("SLIPWAY_PARTITIONS"))
    scale = dict(before.scale if before else {})
    if executors is not None:
        if not 1 <= executors <= partitions:
            raise Misused(f"--executors {executors}: from 1 to {partitions}, one process per partition at most")
        scale["executor"] = executors
    state = State(partitions, embedded=not all(given), ports=dict(before.ports if before else {}), scale=scale)
    state = _place(home, state, environment)
    if not state.embedded:
        return replace(state, kafka=environment["SLIPWAY_KAFKA"], postgres=environment["SLIPWAY_POSTGRES"])
    return replace(state, kafka=f"127.0.0.1:{state.ports['kafka']}")


def prepare(home: Home, state: State, progress: Progress) -> State:
    """Fetches the jars, formats Kafka and PostgreSQL the first time; the state with their addresses."""
    if not state.embedded:
        return state
    check_room(home.root)
    with ThreadPoolExecutor(1) as other:
        kafka = other.submit(lambda: kafka_server(home, state, progress).prepare())
        postgres = postgres_server(home, state)
        postgres.prepare()
        kafka.result()
    return replace(state, postgres=postgres.address())


def kafka_server(home: Home, state: State, progress: Progress | None = None) -> KafkaServer:
    """With `progress`, fetches the jars that are missing; without, they are there."""
    jars = class_path(progress) if progress else tuple(cache_folder() / jar.path for jar in locked_jars())
    ports = state.ports["kafka"], state.ports["kafka-controller"]
    return KafkaServer(home.kafka, *ports, find_java(), jars, home.log("kafka"))


def postgres_server(home: Home, state: State) -> PostgresServer:
    return PostgresServer(home.postgres, state.ports["postgres"], home.log("postgres"))


def place_instance(home: Home, state: State, instance: str) -> State:
    """A port for one more process, unless it has one that is free or its own."""
    others = [port for name, port in state.ports.items() if name != instance]
    return state.with_port(instance, choose(home.root, state.ports.get(instance), others))


def _place(home: Home, state: State, environment: Mapping[str, str]) -> State:
    """Ports for everything, the demanded ones first so that nobody else takes them."""
    wished, state = state.ports, replace(state, ports={})
    host = "127.0.0.1"
    if address := environment.get("SLIPWAY_HTTP"):
        host, port = http_address(address)
        state = state.with_port("console-0", demanded(port, "SLIPWAY_HTTP", host))
    names = ["kafka", "postgres"] if state.embedded else []
    if smtp := environment.get("SLIPWAY_SMTP_URL"):
        state = replace(state, smtp=smtp)
    else:
        names.append("smtp")
    for name in names:
        setting = f"SLIPWAY_{name.upper()}_PORT"
        if environment.get(setting):
            state = state.with_port(name, demanded(_port(environment[setting], setting), setting))
    names += ["kafka-controller"] if state.embedded else []
    for name in [*names, *instances(state.scale)]:
        if name not in state.ports:
            others = [port for other, port in wished.items() if other != name]
            state = state.with_port(name, choose(home.root, wished.get(name), [*state.ports.values(), *others]))
    smtp_url = state.smtp or f"smtp://127.0.0.1:{state.ports['smtp']}"
    return replace(state, smtp=smtp_url, http=f"http://{host}:{state.ports['console-0']}")


def http_address(given: str) -> tuple[str, int]:
    """`8080`, `127.0.0.1:8080` and `http://127.0.0.1:8080` are the same."""
    if given.isdigit():
        return "127.0.0.1", _port(given, "SLIPWAY_HTTP")
    address = urlsplit(given if "//" in given else f"//{given}")
    if address.scheme not in ("", "http") or not address.hostname:
        raise Misused(f"SLIPWAY_HTTP={given} is not an address to listen on", "write http://127.0.0.1:8080")
    return address.hostname, address.port or 80


def _port(given: str, setting: str) -> int:
    if not given.isdigit() or not 1 <= int(given) <= 65_535:
        raise Misused(f"{setting}={given} is not a port")
    return int(given)
