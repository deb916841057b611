"""What a run costs: CPU of every process that belongs to it, and resident memory of our own."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cli.platform.services import service_of


@dataclass
class Meter:
    """Follows the process tree of a supervisor: Kafka and PostgreSQL (with all backends) are children of it too."""

    root: int
    """PID of the supervisor."""
    with_root: bool = True
    """Whether that process counts itself."""
    servers: frozenset[str] = frozenset({"java", "postgres"})
    resident: int = 0
    """Bytes of memory that our own processes hold together, a page that several share counted once (Linux: PSS);
    the largest sum seen."""
    summed: int = 0
    """The same with a shared page counted for each process (RSS)."""
    _spent: dict[tuple[int, float], tuple[str, float]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Meter":
        self._sample()
        self._start = self.cpu_seconds()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        self._sample()

    def cpu_seconds(self) -> dict[str, float]:
        """Seconds of CPU since each process began, by process name."""
        by_name: dict[str, float] = {}
        for name, seconds in self._spent.values():
            by_name[name] = by_name.get(name, 0.0) + seconds
        return by_name

    def spent(self) -> dict[str, float]:
        """Seconds of CPU since `with`, by process name."""
        return {name: seconds - self._start.get(name, 0.0) for name, seconds in self.cpu_seconds().items()}

    def _follow(self) -> None:
        while not self._stop.wait(0.25):
            self._sample()

    def _sample(self) -> None:
        resident = summed = 0
        supervisor = psutil.Process(self.root)
        for process in [*([supervisor] if self.with_root else []), *supervisor.children(recursive=True)]:
            try:
                with process.oneshot():
                    name = _name(process)
                    times = process.cpu_times()
                    self._spent[process.pid, process.create_time()] = (name, times.user + times.system)
                    if name not in self.servers:
                        resident += _proportional(process.pid)
                        summed += process.memory_info().rss
            except (psutil.NoSuchProcess, OSError):
                continue
        self.resident, self.summed = max(self.resident, resident), max(self.summed, summed)


def _proportional(pid: int) -> int:
    """Bytes; the kernel's own sum, cheap enough to ask for during a run."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _name(process: psutil.Process) -> str:
    """`postgres`, `java`, the service (a forked process is named by its slot), or the Python module that runs."""
    name = process.name()
    if name.startswith("python"):
        line = process.cmdline()
        return line[line.index("-m") + 1] if "-m" in line else "python"
    return service_of(name) or name
