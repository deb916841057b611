"""As root, PostgreSQL runs under another uid, and that one may not be let through to a folder such as /root/….

Nobody's folders are loosened for it: what it cannot reach goes below `/var/lib/slipway` instead.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SHARED = Path("/var/lib/slipway")


def can_reach(path: Path, user: int) -> bool:
    """Whether that uid gets to the folder, tried as that uid. Nearest existing parent, if it is not there yet."""
    while not path.exists():
        path = path.parent
    tried = subprocess.run(["/bin/sh", "-c", 'cd "$1"', "sh", path], user=user, group=user, extra_groups=[], cwd="/",
                           stderr=subprocess.DEVNULL, check=False)  # fmt: skip
    return tried.returncode == 0


def reachable_folder(path: Path, user: int | None) -> Path:
    """`path` itself, or a folder below /var/lib/slipway that stands for it (always the same)."""
    if user is None or can_reach(path, user):
        return path
    return _shared(hashlib.sha256(os.fsencode(path)).hexdigest()[:16])


def reachable_copy(tree: Path, version: str, user: int | None) -> Path:
    """`tree` itself, or a copy of it that everybody may read."""
    if user is None or can_reach(tree, user):
        return tree
    copy = _shared(f"{tree.name}-{version}")
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(tree, unfinished, ignore=shutil.ignore_patterns("*.a", "include", "pkgconfig"))
        try:
            unfinished.rename(copy)
        except OSError:  # another platform was faster
            shutil.rmtree(unfinished)
    return copy


def _shared(name: str) -> Path:
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    return SHARED / name
