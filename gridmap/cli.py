"""The `gridmap` command: thin. Exit codes: 0 done, 1 refused with one line on stderr, 2 usage."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridmap import __version__
from gridmap.config import ROOT, Settings
from gridmap.errors import ConflictError, GridMapError, InputError
from gridmap.types import Level

if TYPE_CHECKING:
    from gridmap.store.db import Database

# Heavy rooms (geopandas, numba, folium) are imported by the commands that need them, so that
# `gridmap stop` or a mistyped word answers at once.


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """GridMap: grids, service points and reports of a street, in PostGIS and on the map."""


def main() -> None:
    """Run the command; what the user can mend is one line on stderr, and exit code 1."""
    try:
        cli(prog_name="gridmap")
    except GridMapError as error:
        click.echo(f"gridmap: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"gridmap: {error.filename or 'the system'}: {error.strerror or error}", err=True)
        sys.exit(1)


def say(message: str) -> None:
    click.echo(click.style("== ", bold=True) + message, err=True)


@cli.command()
@click.option(
    "--demo/--empty", "demo", default=True, help="Load the demo town into an empty database, or not."
)
def up(demo: bool) -> None:
    """Start the database, migrate, load the demo town into an empty database, and serve."""
    from gridmap.operations import serving, town
    from gridmap.store.cluster import Cluster

    began = time.monotonic()
    settings = Settings.load()
    record = serving.RunRecord.of(settings)
    if process := record.running():
        raise ConflictError(f"GridMap runs here already, as process {process}: ./run stop ends it")
    serving.check_port(settings)
    inherited = record.stale()
    # A polite request to end must not skip the stopping of what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    started = False
    try:
        with record.held():
            database, started = serving.prepare(settings, say)
            if demo and serving.is_empty(database):
                say("Loading the demo town into the empty database")
                with database.owner_session() as session, progress_bars() as bars:
                    town.load(session, ROOT / "geodata" / "demo", bars)
            database.dispose()
            say(f"Ready in {time.monotonic() - began:.1f} s. Stop with Ctrl-C")
            click.echo(f"\n  GridMap  http://{settings.host}:{settings.port}/\n")
            if demo:
                click.echo("  The demo town is open to everyone on this address: no account is needed.\n")
            serving.serve(settings)
    finally:
        if not settings.database_url and (started or inherited):
            say("Stopping the private PostGIS")
            Cluster.of(settings).stop()


@cli.command()
def stop() -> None:
    """Stop what `gridmap up` started, from another terminal."""
    from gridmap.operations import serving

    serving.stop(Settings.load(), say)


@cli.group()
def db() -> None:
    """The private database."""


@db.command("start")
def db_start() -> None:
    """Start it, creating and migrating it where needed."""
    with open_database():
        say("The database is running")


@db.command("stop")
def db_stop() -> None:
    """Stop it."""
    from gridmap.store.cluster import Cluster

    settings = _private()
    say("Stopped" if Cluster.of(settings).stop() else "It was not running")


@db.command("status")
def db_status() -> None:
    """Tell whether it runs, and where it is."""
    from gridmap.store.cluster import Cluster

    cluster = Cluster.of(_private())
    state = "running" if cluster.running() else "stopped" if cluster.exists() else "not created yet"
    click.echo(f"{state}: {cluster.pgdata}")
    click.echo(f"psql -h {cluster.socket} -U gridmap_app gridmap")


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to the newest version."""
    with open_database() as database:
        database.upgrade()


@db.command("check")
def db_check() -> None:
    """Fail unless the models and the migrations agree."""
    from gridmap.operations import serving

    with serving.scratch(Settings.load(), "check") as database:
        database.check()
    say("Models and migrations agree")


@cli.command()
@click.option("--seed", default=20261122, show_default=True)
@click.option("--grids", default=150, show_default=True, type=click.IntRange(40, 5000))
@click.option("--reports", default=20_000, show_default=True, type=click.IntRange(0, 5_000_000))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write files; else load them.")
def demo(seed: int, grids: int, reports: int, out: Path | None) -> None:
    """Make the fictional town of that size: as files with --out, else into the empty database."""
    import tempfile

    from gridmap.demo import build
    from gridmap.operations import serving, town

    say(f"Making a town of {grids} grids and {reports} reports from seed {seed}")
    made = build(seed=seed, grids=grids, reports=reports)
    if out:
        made.write(out)
        say(f"Written to {out}")
        return
    database, _ = serving.prepare(Settings.load(), say)
    if not serving.is_empty(database):
        raise InputError(
            "the database is not empty: choose another GRIDMAP_DATA, or write files with --out DIR"
        )
    with tempfile.TemporaryDirectory() as folder:
        made.write(Path(folder))
        with database.owner_session() as session, progress_bars() as bars:
            town.load(session, Path(folder), bars)


KINDS = ("areas", "stations", "places", "streets", "landscape", "demand", "workers", "reports")


@cli.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--crs", help="System of the file's coordinates: wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")
@click.option("--level", type=click.Choice([str(level) for level in Level]), help="Level of areas.")
@click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field.")
@click.option("--layer", help="Layer of a file that has several.")
@click.option("--encoding", help="Text encoding, where it is not recognised: utf-8 or gbk.")
@click.option(
    "--codes",
    type=click.Choice(["auto", "national", "foreign"]),
    default="auto",
    show_default=True,
    help="Area codes of GB/T 2260 form, or of any other; auto takes a file without one national code as foreign.",
)
@click.option("--merge-parts", is_flag=True, help="Rows of areas with the same code are parts of one area.")
@click.option("--without-prj", is_flag=True, help="Take a Shapefile that has no .prj.")
@click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="Day from which areas are in force.")
@click.option("--skip-rejected", is_flag=True, help="Save the accepted rows although others are rejected.")
@click.option("--commit", is_flag=True, help="Save. Without it this is a dry run.")
def import_(
    kind: str,
    file: Path,
    crs: str | None,
    level: str | None,
    mapping: tuple[str, ...],
    layer: str | None,
    encoding: str | None,
    codes: str,
    merge_parts: bool,
    without_prj: bool,
    valid_from: Any,
    skip_rejected: bool,
    commit: bool,
) -> None:
    """Check a file, and save it with --commit. Nothing is saved when a row is rejected."""
    from gridmap.operations import importing

    request = importing.Request(
        kind=kind,
        file=file,
        crs=crs,
        level=Level(level) if level else None,
        mapping=_pairs(mapping),
        layer=layer,
        encoding=encoding,
        codes=codes,
        merge_parts=merge_parts,
        without_prj=without_prj,
        valid_from=valid_from.date() if valid_from else date.today(),
    )
    with open_database() as database, database.owner_session() as session:
        with progress_bars() as bars:
            plan = importing.prepare(session, request, bars)
        for line in plan.report():
            click.echo(line)
        for path in plan.write_findings():
            click.echo(f"written: {path}")
        refusal = plan.refusal(skip_rejected)
        if refusal:
            raise InputError(refusal)
        if not commit:
            click.echo("dry run: nothing was saved; add --commit to save")
            return
        with progress_bars() as bars:
            outcome = importing.save(session, plan, bars)
    for line in outcome.report():
        click.echo(line)


@cli.command("export")
@click.argument("kind", type=click.Choice(["areas", "stations", "places", "reports"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--level", type=click.Choice([str(level) for level in Level]), help="One level of areas.")
def export(kind: str, file: Path, level: str | None) -> None:
    """Write what is stored; the ending chooses .geojson, .gpkg, .zip (Shapefile), .csv, .xlsx, .parquet."""
    from gridmap.operations import exporting

    with open_database() as database, database.session() as session:
        rows = exporting.export(session, kind, file, Level(level) if level else None)
    click.echo(f"{rows} {kind} written to {file}, coordinates in CGCS2000 (EPSG:4490)")


@cli.command()
@click.option("--lng")
@click.option("--lat")
@click.option("--crs", help="System of the point.  [default: wgs84]")
@click.option("--address", help="What people write, instead of a point.")
def locate(lng: str | None, lat: str | None, crs: str | None, address: str | None) -> None:
    """Tell the grid of a point or an address, its parents, worker and nearest stations, as JSON."""
    from gridmap.geo import crs as systems
    from gridmap.operations import locating
    from gridmap.types import Point

    if address is None and (lng is None or lat is None):
        raise click.UsageError("locate takes --lng and --lat, or --address")
    if address is not None and (lng, lat, crs) != (None, None, None):
        raise click.UsageError("--address stands alone: it takes no --lng, --lat or --crs")
    settings = Settings.load()
    if address is None:
        point, declared = Point.parse(lng, lat), systems.declare(crs or "wgs84")
    with open_database() as database, database.session() as session:
        if address is not None:
            found = locating.locate_address(session, settings, address)
        else:
            found = locating.locate_point(session, settings, point, declared)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="IN")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A .csv or .xlsx.")
@click.option("--column", help="Name of the column of addresses, where it is not recognised.")
def geocode(file: Path, output: Path, column: str | None) -> None:
    """Place the addresses of a CSV or XLSX: the same rows, and where each is, how sure that is, and why.

    An interrupted run goes on where it was when the same command is given again.
    """
    from gridmap.operations import geocoding

    work = geocoding.prepare(file, output, column)
    with open_database() as database, database.session() as session:
        say("Loading the gazetteer")
        geocoder = geocoding.Geocoder.load(session, Settings.load())
    with progress_bars() as bars:
        outcome = geocoding.run(geocoder, work, bars, say)
    for line in outcome.report():
        click.echo(line)


@cli.command()
@click.option("--json", "output", type=click.Path(path_type=Path, dir_okay=False), default="bench.json")
def bench(output: Path) -> None:
    """Measure the engines against their peers in one run (in a checkout with the tests' packages)."""
    import runpy

    if not (ROOT / "tests" / "bench").is_dir():
        raise InputError("the benchmarks live in a checkout's tests/bench: run ./run bench there")
    sys.path.insert(0, str(ROOT))
    sys.argv = ["bench", str(output)]
    runpy.run_module("tests.bench", run_name="__main__")


@contextmanager
def open_database() -> Iterator[Database]:
    """The installation's database, running and migrated; its connections are closed at the end."""
    from gridmap.operations import serving

    database, _ = serving.prepare(Settings.load(), say)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def progress_bars() -> Iterator[Any]:
    """A maker of progress: `bars(label, total)` answers a function to call with the steps done."""
    open_bars: list[Any] = []

    def bars(label: str, total: int) -> Any:
        if open_bars:
            open_bars.pop().__exit__(None, None, None)
        bar = click.progressbar(length=max(total, 1), label=f"   {label}", file=sys.stderr)
        bar.__enter__()
        open_bars.append(bar)
        return bar.update

    try:
        yield bars
    finally:
        if open_bars:
            open_bars.pop().__exit__(None, None, None)


def _pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for item in mapping:
        name, equals, column = item.partition("=")
        if not equals or not name or not column:
            raise click.UsageError(f"--map takes FIELD=COLUMN, such as code=NPTVID, not {item!r}")
        if name in pairs:
            raise click.UsageError(f"--map names the field {name!r} twice")
        pairs[name] = column
    return pairs


def _private() -> Settings:
    settings = Settings.load()
    if settings.database_url:
        raise InputError("GRIDMAP_DATABASE_URL is set: that database is run by whoever set it up")
    return settings


if __name__ == "__main__":
    main()
