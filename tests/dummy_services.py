"""Packages that stand for the services, to test what starts, watches and ends them.

`write(folder)` makes them; `PYTHONPATH=folder` puts them before the real ones.
"""

from pathlib import Path

SERVICES = ("launcher", "contacts", "executor", "messaging", "log", "console")

MAIN = """\
import json, os, signal, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

if Path(__file__).with_name("broken").exists():
    sys.exit("broken on purpose")


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        documents = {
            "/readyz": {},
            "/v1/partitions": {
                "items": [
                    {"number": 0, "owner": os.environ["SLIPWAY_SLOT"], "state": "running"},
                    {"number": 1, "owner": os.environ["SLIPWAY_SLOT"], "state": "running"},
                    {"number": 2, "owner": "another", "state": None},
                    {"number": 3, "owner": os.environ["SLIPWAY_SLOT"], "state": None},
                ]
            },
            "/environment": dict(os.environ),
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(documents[self.path]).encode())

    def log_message(self, *_):
        pass


def stop(number, _):
    print("got", signal.Signals(number).name, flush=True)
    threading.Thread(target=server.shutdown).start()


print("started in slot", os.environ["SLIPWAY_SLOT"], flush=True)
server = ThreadingHTTPServer((os.environ["SLIPWAY_HTTP_HOST"], int(os.environ["SLIPWAY_HTTP_PORT"])), Answer)
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, stop)
server.serve_forever()
"""


def write(folder: Path) -> None:
    """One package per service, with a migration."""
    for service in SERVICES:
        package = folder / service
        (package / "migrations").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(MAIN)
        (package / "migrations" / "0001_initial.sql").write_text("CREATE TABLE thing (id int);")
