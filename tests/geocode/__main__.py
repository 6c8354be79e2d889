"""`python -m tests.geocode [--json FILE]`: the geocoder and two baselines on the labels, in tables."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from tests import realdata
from tests.geocode import evaluation, trial
from tests.geocode.taipei import Taipei

_HEADINGS = {
    "top1_place": "place",
    "right_of_answered": "right/answ",
    "right_of_answerable": "right/able",
    "abstain_rate": "abstain",
    "confident_wrong": "conf.wrong",
    "abstain_recall": "abst.recall",
    "median_m": "median m",
    "p90_m": "P90 m",
}


def measure(rows: pd.DataFrame) -> dict[str, Any]:
    """n, the rates with their intervals, and the rates of every stratum."""
    return {
        "n": len(rows),
        "rates": evaluation.rates(rows),
        "intervals": evaluation.intervals(rows),
        "strata": {
            stratum: {"n": len(part)} | evaluation.rates(part)
            for stratum, part in rows.groupby("stratum", sort=False)
        },
    }


def report() -> dict[str, Any]:
    told: dict[str, Any] = {}
    for method in trial.METHODS:
        rows = trial.judged(method)
        told[method] = {"held": measure(trial.held(rows)), "all": measure(rows)}
    rows = trial.held(trial.judged("geocoder"))
    told["reliability"] = evaluation.reliability(rows).reset_index().to_dict("records")
    told["risk_coverage"] = evaluation.risk_coverage(rows)
    if realdata.FOLDER.is_dir():
        taipei = Taipei(realdata.path("taipei"))
        told["taipei"] = {"villages_named": taipei.villages_named(), "left_out": taipei.left_out()}
    else:
        told["taipei"] = f"the real addresses are not in {realdata.FOLDER}"
    return told


def show(told: dict[str, Any]) -> None:
    for part in ("held", "all"):
        print(f"\n{part}: geocoder by stratum")
        print(f"{'':18}{'n':>5}" + "".join(f"{heading:>12}" for heading in _HEADINGS.values()))
        for stratum, rates in told["geocoder"][part]["strata"].items():
            print(_line(stratum, rates["n"], rates))
        print(f"\n{part}: in all, with 95 % of {evaluation.RESAMPLES} resamples of estates")
        for method in trial.METHODS:
            whole = told[method][part]
            print(_line(method, whole["n"], whole["rates"]))
            bounds = [_bounds(name, *whole["intervals"][name]) for name in _HEADINGS]
            print(f"{'':23}" + "".join(f"{bound:>12}" for bound in bounds))
    print("\nheld: reliability\n  confidence      n    mean   right")
    for row in told["reliability"]:
        low = row["bin"] / evaluation.BINS
        print(
            f"  {low:.1f}-{low + 1 / evaluation.BINS:.1f}    {row['n']:7}"
            + _share(row, "confidence", "right")
        )
    print("\nheld: risk by coverage, the most confident first")
    print("  " + "  ".join(f"{covered:.0%}:{risk:.3f}" for covered, risk in told["risk_coverage"]))
    print("\nTaipei")
    if isinstance(told["taipei"], str):
        print(f"  left out: {told['taipei']}")
        return
    for name, counts in told["taipei"].items():
        print(f"  {name}: " + ", ".join(f"{key} {_number(value)}" for key, value in counts.items()))


def _line(title: str, n: int, rates: dict[str, float]) -> str:
    return f"{title:18}{n:5}" + "".join(f"{_value(name, rates[name]):>12}" for name in _HEADINGS)


def _value(name: str, value: float) -> str:
    if value != value:
        return "—"
    return f"{value:.0f}" if name.endswith("_m") else f"{value:.3f}"


def _bounds(name: str, low: float, high: float) -> str:
    if low != low:
        return "—"
    return f"{low:.0f}–{high:.0f}" if name.endswith("_m") else f"{low:.3f}–{high:.3f}"[:12].replace("0.", ".")


def _share(row: dict[str, Any], *names: str) -> str:
    return "".join(f"{'—' if row[name] != row[name] else format(row[name], '.3f'):>8}" for name in names)


def _number(value: float) -> str:
    return "—" if value != value else f"{value:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.geocode", description=__doc__)
    parser.add_argument("--json", type=Path, help="write all of it to this file as well")
    given = parser.parse_args()
    told = report()
    show(told)
    if given.json:
        given.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
