"""`./run bench`: every ratio, ours beside the peer in one run; a table on screen, JSON beside it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench import geo, store


def main(output: Path) -> int:
    rows = []
    for measure in (geo.datum, geo.locate, store.bulk_load):
        for row in measure():
            rows.append(row)
            print(row, flush=True)
    for line in store.overview():
        print(line, flush=True)
    output.write_text(
        json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False), encoding="utf-8"
    )
    print(f"written: {output}")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "bench.json")))
