"""Replicas of the app behind nginx on this machine, without containers.

    python hosting/replicas.py [--replicas 4] [--port 8500] [--prefix efviz]

nginx serves http://127.0.0.1:PORT/, and the apps use the ports after it; Control-C stops all of
them. To let other machines reach it, give --listen 0.0.0.0:80 or put the same template into the
host's nginx.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return 200 <= answer.status < 300
    except OSError:
        return False


def wait_for(*urls: str, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    for url in urls:
        while not answers(url):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} does not answer")
            time.sleep(0.2)


@dataclass
class Replicas:
    """The address of nginx, and the apps behind it, by port."""

    url: str
    prefix: str
    secret: str
    apps: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, port: int) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        command += ["--server.address", "127.0.0.1"]
        if self.prefix:
            command += ["--server.baseUrlPath", self.prefix]
        # A token of one replica must be valid for the next. One that hangs ends and is replaced.
        environment = {"EFVIZ_PATIENCE": "30"} | os.environ
        environment["STREAMLIT_SERVER_COOKIE_SECRET"] = self.secret
        self.apps[port] = subprocess.Popen(
            command, cwd=HERE.parent, env=environment, stdout=subprocess.DEVNULL
        )

    def watch(self, every: float = 2.0) -> None:
        """Keep replacing apps that have ended."""
        while True:
            time.sleep(every)
            for port, app in list(self.apps.items()):
                if app.poll() is not None:
                    print(f"the app on port {port} has ended ({app.returncode})", flush=True)
                    self.start(port)

    def wait(self) -> None:
        """Wait until all replicas are ready."""
        slug = f"/{self.prefix}" if self.prefix else ""
        wait_for(*(f"http://127.0.0.1:{port}{slug}/efviz-ready" for port in self.apps))


def configure(
    run: Path, listen: str, ports: Sequence[int], prefix: str, name_replicas: bool
) -> None:
    """Fill in the templates, as envsubst would."""
    servers = (f"server 127.0.0.1:{port} max_fails=1 fail_timeout=5s;" for port in ports)
    values = {
        "EFVIZ_RUN": str(run),
        "EFVIZ_LISTEN": listen,
        "EFVIZ_SERVERS": "\n    ".join(servers),
        "EFVIZ_PREFIX": f"/{prefix}" if prefix else "",
        "EFVIZ_PAGES": str(HERE),
        "EFVIZ_KEPT": str(run / "kept"),
        "EFVIZ_HEADERS": "add_header X-Replica $upstream_addr always;" if name_replicas else "",
    }
    for name in ("nginx.conf", "efviz.conf"):
        text = (HERE / f"{name}.template").read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace(f"${{{key}}}", value)
        (run / name).write_text(text, encoding="utf-8")


@contextmanager
def replicas(
    n: int, port: int, *, listen: str = "", prefix: str = "", name_replicas: bool = False
) -> Iterator[Replicas]:
    """Run nginx on `port` and `n` apps on the ports after it.

    With `name_replicas` every answer says which replica gave it.
    """
    if NGINX is None:
        raise RuntimeError("nginx was not found; on Debian: apt-get install nginx-light")
    ports = range(port + 1, port + 1 + n)
    found = Replicas(
        f"http://127.0.0.1:{port}/{prefix and prefix + '/'}", prefix, secrets.token_hex(32)
    )
    with tempfile.TemporaryDirectory(prefix="efviz-nginx-") as folder:
        run = Path(folder)
        # Started by root, nginx works as another user, who has to reach its pictures.
        run.chmod(0o711)
        configure(run, listen or f"127.0.0.1:{port}", ports, prefix, name_replicas)
        nginx = subprocess.Popen(
            [
                NGINX,
                "-e",
                "stderr",
                "-c",
                str(run / "nginx.conf"),
                "-g",
                "daemon off;",
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            for one in ports:
                found.start(one)
            yield found
        finally:
            processes = [nginx, *found.apps.values()]
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicas", type=int, default=4)
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--listen", default="", help="where nginx listens, instead of loopback")
    parser.add_argument("--prefix", default="", help="a path to live under, such as efviz")
    options = parser.parse_args()
    found = replicas(
        options.replicas, options.port, listen=options.listen, prefix=options.prefix.strip("/")
    )
    # SIGTERM raises wherever the program is, even while it starts, so that its processes end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with suppress(KeyboardInterrupt), found as served:
        served.wait()
        print(f"{options.replicas} replicas at {served.url}", flush=True)
        served.watch()


if __name__ == "__main__":
    main()
