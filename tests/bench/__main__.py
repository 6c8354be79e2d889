"""`./run bench`: every ratio, ours beside the peer in one run; a table on screen, JSON beside it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench import geo, geocode, store
from tests.bench.table import Ratio


def main(output: Path) -> int:
    rows: list[Ratio] = []
    for measure in (geo.datum, geo.locate, geocode.town, geocode.city, store.bulk_load, store.overview):
        for row in measure():
            rows.append(row)
            print(line(row), flush=True)
    told = [asdict(row) | {"ratio": row.ratio, "ok": row.ok} for row in rows]
    output.write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
    print(f"written: {output}")
    return 0 if all(row.ok for row in rows) else 1


def line(row: Ratio) -> str:
    goals = [f">= {row.goal:g}x"] if row.goal is not None else []
    goals += [f"<= {seconds(row.limit_seconds)}"] if row.limit_seconds is not None else []
    beside = f"{row.ratio:6.2f}x {row.peer} ({seconds(row.peer_seconds)})" if row.peer else ""
    mark = "ok  " if row.ok else "MISS"
    return f"{mark} {row.name}: {seconds(row.ours_seconds)} {beside} [{', '.join(goals)}] {row.note}".rstrip()


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "bench.json")))
