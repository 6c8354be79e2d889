"""The private PostGIS: one PostgreSQL cluster of this checkout, on a Unix socket, for nobody else.

PostgreSQL refuses to run as root. Where GridMap runs as root, a system user `gridmap` owns the
cluster, only initdb and pg_ctl run as that user, and an ident map lets root's connections in.
No other cluster of the machine is touched: nothing listens on TCP, and every path is our own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gridmap.config import ROOT, Settings
from gridmap.errors import ConfigError, DatabaseError

DATABASE = "gridmap"
ADMIN, OWNER, APPLICATION = "gridmap_admin", "gridmap_owner", "gridmap_app"
SYSTEM_USER = "gridmap"
# sockaddr_un holds 108 bytes with the final zero; PostgreSQL adds "/.s.PGSQL.5432".
_SOCKET_PATH_BYTES = 107 - len("/.s.PGSQL.5432")

_CONF = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
jit = off
random_page_cost = 1.1
timezone = 'UTC'
logging_collector = off
"""


@dataclass(frozen=True)
class Cluster:
    """Paths and life cycle of the cluster. Every method may be called again after any failure."""

    home: Path
    socket: Path
    user: str

    @property
    def pgdata(self) -> Path:
        return self.home / "pg"

    @property
    def log(self) -> Path:
        return self.home / "postgresql.log"

    @classmethod
    def of(cls, settings: Settings) -> Cluster:
        """The cluster that belongs to these settings; creates its folders, not the cluster itself.

        Raises ConfigError when the folder cannot be used by the user that PostgreSQL runs as.
        """
        home = settings.data.absolute()
        # pg_ctl hands its paths to a shell, and postgresql.conf has quotes of its own.
        if unsafe := set(str(home)) & set("'\"\\$`\n"):
            raise ConfigError(
                f"the folder {home} has a {min(unsafe)!r} in its path: choose another GRIDMAP_DATA"
            )
        user = _system_user()
        home = _prepare(home, user, fallback=home == ROOT / ".gridmap")
        socket = home / "socket"
        if len(os.fsencode(socket)) > _SOCKET_PATH_BYTES:
            # A deep checkout: the socket goes where the path is short, named after its home.
            mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
            socket = Path(tempfile.gettempdir()) / f"gridmap-{mark}"
        _own(socket, user)
        return cls(home, socket, user)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The SQLAlchemy URL of a role's connection."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.socket}"

    def exists(self) -> bool:
        return self._has(self.pgdata / "PG_VERSION")

    def running(self) -> bool:
        return self.exists() and self._pg("pg_ctl", "status", "-D", str(self.pgdata)).returncode == 0

    def start(self) -> bool:
        """Create what is missing and start it; True if it was this call that started it."""
        with self._lock():
            if not self.exists():
                self._create()
            if self.running():
                return False
            self._write_access()
            done = self._pg(
                "pg_ctl", "start", "-w", "-t", "60", "-D", str(self.pgdata), "-l", str(self.log), "-s"
            )
            if done.returncode:
                raise DatabaseError(f"the private PostGIS did not start: {self._last_words(done)}")
            return True

    def stop(self) -> bool:
        """Stop the cluster; True if it was running."""
        with self._lock():
            if not self.running():
                return False
            done = self._pg("pg_ctl", "stop", "-w", "-t", "60", "-m", "fast", "-D", str(self.pgdata), "-s")
            if done.returncode:
                raise DatabaseError(f"the private PostGIS did not stop: {self._last_words(done)}")
            return True

    def _create(self) -> None:
        """initdb into a folder beside the final one, so that a crash leaves nothing half-made."""
        fresh = self.home / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        done = self._pg(
            "initdb", "-D", str(fresh), "-U", ADMIN, "-A", "peer", "-E", "UTF8", "--locale=C",
            "--no-instructions",
        )  # fmt: skip
        if done.returncode:
            raise DatabaseError(f"initdb failed: {self._last_words(done)}")
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(_CONF.format(socket=self.socket))
        fresh.rename(self.pgdata)

    def _write_access(self) -> None:
        """Let the accounts that own this checkout's process, and no other, be the three roles."""
        people = sorted({self.user, pwd.getpwuid(os.geteuid()).pw_name})
        (self.pgdata / "pg_hba.conf").write_text("local all all peer map=gridmap\n", encoding="utf-8")
        (self.pgdata / "pg_ident.conf").write_text(
            "".join(
                f'gridmap "{person}" {role}\n' for person in people for role in (ADMIN, OWNER, APPLICATION)
            ),
            encoding="utf-8",
        )

    def _pg(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(_binaries(self.pgdata) / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", *command]
        # pg_ctl's child inherits our streams and would hold a pipe open for ever: files, not pipes.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            code = subprocess.run(  # noqa: S603 - our own binaries and paths
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={**os.environ, "LC_ALL": "C"},
                check=False,
            ).returncode
            output.seek(0)
            return subprocess.CompletedProcess(command, code, output.read(), "")

    def _last_words(self, done: subprocess.CompletedProcess[str]) -> str:
        text = done.stdout
        if self._has(self.log):
            text += self.log.read_text(encoding="utf-8", errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-3:]) + f" (log: {self.log})"

    def _has(self, path: Path) -> bool:
        try:
            return path.exists()
        except PermissionError:
            raise ConfigError(
                f"{self.home} belongs to another user: run as that user, "
                "or set GRIDMAP_DATA to a folder of yours"
            ) from None

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.home / "lock").open("w", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _binaries(pgdata: Path) -> Path:
    """The server programs: of the cluster's own major version, else the newest."""
    root = Path("/usr/lib/postgresql")
    versions = sorted(int(path.name) for path in root.glob("[0-9]*") if (path / "bin/initdb").exists())
    if versions:
        made_by = pgdata / "PG_VERSION"
        wanted = int(made_by.read_text(encoding="utf-8")) if made_by.exists() else versions[-1]
        if wanted in versions:
            return root / str(wanted) / "bin"
        raise DatabaseError(
            f"the database in {pgdata} was made by PostgreSQL {wanted}, which is no longer installed: "
            f"apt-get install postgresql-{wanted} postgresql-{wanted}-postgis-3"
        )
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise DatabaseError(
        "PostgreSQL with PostGIS is not installed: run ./run setup, "
        "or set GRIDMAP_DATABASE_URL to an existing one"
    )


def _system_user() -> str:
    """The account that the server runs as: ours, or a system user where we are root."""
    if os.geteuid() != 0:
        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            raise ConfigError(
                f"user id {os.geteuid()} has no entry in /etc/passwd, and PostgreSQL refuses to run so: "
                "add one, or set GRIDMAP_DATABASE_URL"
            ) from None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(  # noqa: S603
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],  # noqa: S607
            check=True,
        )
    return SYSTEM_USER


def _own(folder: Path, user: str) -> None:
    """Make a 0700 folder of that user; one of somebody else's is refused, not taken over."""
    account = pwd.getpwnam(user)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be made ({error.strerror}): set GRIDMAP_DATA to a folder of yours"
        ) from error
    if folder.is_symlink() or folder.stat().st_uid not in (account.pw_uid, os.geteuid()):
        raise ConfigError(
            f"{folder} belongs to another user: run as that user, or set GRIDMAP_DATA to a folder of yours"
        )
    if os.geteuid() == 0:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def _prepare(home: Path, user: str, *, fallback: bool) -> Path:
    """The folder of the cluster: `home`, or one under /var/lib where `user` cannot reach `home`."""
    _own(home, user)
    if os.geteuid() != 0 or _reachable(home, user):
        return home
    if not fallback:
        raise ConfigError(
            f"user {user} cannot reach {home}: choose a GRIDMAP_DATA whose parents all may enter"
        )
    elsewhere = Path("/var/lib/gridmap") / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    elsewhere.parent.mkdir(mode=0o755, exist_ok=True)
    _own(elsewhere, user)
    return elsewhere


def _reachable(folder: Path, user: str) -> bool:
    return (
        subprocess.run(  # noqa: S603
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "test", "-x", str(folder)],  # noqa: S607
            cwd="/",
            check=False,
        ).returncode
        == 0
    )
