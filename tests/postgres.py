"""A private PostgreSQL for tests, made from the machine's own binaries, and never run as root.

``postgres`` is one server for the session; ``database`` is an empty database, once of SQLite and once of PostgreSQL.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S, free_port, until

ACCOUNT = "truyvet"


def binary(name: str) -> str | None:
    """Where the program is: in PATH, else where Debian keeps the newest server."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    return next((str(p / name) for p in places if (p / name).exists()), None) or shutil.which(name)


class Postgres:
    """A server in a folder of its own, on a Unix socket there and on a free port of the loopback.

    Without ``fsync`` it survives every kill of processes (the system keeps what was written), not a power cut.
    """

    def __init__(self, fsync: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="truyvet-pg-"))
        self.port = free_port()
        self._numbers = count()
        self._process: subprocess.Popen[bytes] | None = None
        self._user: str | None = None
        if os.geteuid() == 0:
            known = {u.pw_name for u in pwd.getpwall()}
            self._user = "postgres" if "postgres" in known else "nobody"
        self.give(self.folder)
        self._run("initdb", "-D", self.data, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        with open(self.folder / "data" / "postgresql.conf", "a") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nmax_connections = 60\n")
            settings.write(f"unix_socket_directories = '{self.folder}'\nshared_buffers = 64MB\n")
            settings.write(f"fsync = {'on' if fsync else 'off'}\n")
        self.start()

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def give(self, folder: Path) -> None:
        """Let the server write in a folder."""
        if self._user is not None:
            shutil.chown(folder, self._user)

    def _run(self, name: str, *arguments: str) -> None:
        # Not in the caller's folder: this account may not read it.
        ran = subprocess.run([binary(name), *arguments], user=self._user, cwd="/", capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr

    def start(self) -> None:
        """Start if it does not run, and wait until it answers."""
        if self._process is not None:
            return
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [binary("postgres"), "-D", self.data],
                user=self._user, cwd="/", stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        until(self._answers)

    def _answers(self) -> bool:
        import psycopg

        assert self._process is None or self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=30).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, at_once: bool = False) -> None:
        """Stop it, every connection with it; ``at_once`` as a power cut would (it recovers at the next start)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._process.wait(PATIENCE_S)
            self._process = None

    def url(self, name: str) -> str:
        return f"postgresql://{ACCOUNT}@127.0.0.1:{self.port}/{name}"

    def create(self) -> str:
        """URL of a new, empty database."""
        import psycopg

        name = f"t{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop(at_once=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def missing() -> str | None:
    """Why no server can be started here; None when it can."""
    try:
        import psycopg  # noqa: F401 - only whether it is there
    except ImportError:
        return "needs the extra truyvet[postgres]"
    if binary("initdb") is None or binary("postgres") is None:
        return "needs the programs initdb and postgres (Debian: apt install postgresql)"
    return None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    why = missing()
    if why is not None:
        pytest.skip(why)
    server = Postgres(fsync=False)
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'truyvet.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create()
