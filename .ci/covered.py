"""The coverage gate: what the one test run left in .coverage, held against the two bounds of the house.

Full branch coverage for the kernel (without exchange/reader.py, which runs in a process of its own) and for everything in a
domain app that decides; LEAST per cent of all lines and branches together for the rest.
Read by `.ci/run`; by hand: `python3 portal.py test --cov --cov-report=`, then `.venv/bin/python .ci/covered.py`.
"""
import json
import re
import sys
import tempfile
from pathlib import Path

from coverage import Coverage, CoverageException

ROOT = Path(__file__).resolve().parents[1]
LEAST = 95.0
KERNEL = "exchange|core|audit|parameters|accounts|org|calendars|notices|files|flow|documents|pages"
DECIDES = r"(rules|services|queries)\w*|machine|nodes|content"
FULL = re.compile(rf"apps/({KERNEL})/(?!reader\.py)|apps/(\w+/)+({DECIDES})(/|\.py$)")


def measured() -> dict:
    """coverage's own report of the data file."""
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "report.json"
        coverage.json_report(outfile=str(out))
        return json.loads(out.read_text())


def code() -> set[str]:
    """Every file that has to be in the report: the same folders as in pyproject.toml, without what is left out there."""
    names = {str(p.relative_to(ROOT)) for folder in ("apps", "config") for p in (ROOT / folder).rglob("*.py")}
    return {name for name in names if "/migrations/" not in name and not name.startswith("config/demo/")}


def gaps(found: dict) -> list[str]:
    """`12` for a line that never ran, `14->17` for a way never taken between lines that did (`exit`: out of the function)."""
    lines = set(found["missing_lines"])
    ways = [(a, f"->{'exit' if b < 0 else b}") for a, b in found["missing_branches"] if a not in lines and b not in lines]
    return [f"{line}{way}" for line, way in sorted([(line, "") for line in lines] + ways)]


def verdict(report: dict, wanted: set[str]) -> tuple[list[str], list[str]]:
    """(what to say, what is wrong)."""
    files, share = report["files"], report["totals"]["percent_covered"]
    missing = {name: found for name, file in sorted(files.items()) if (found := gaps(file))}
    full = sum(bool(FULL.match(name)) for name in files)
    said = [f"{name}: {', '.join(found)}" for name, found in missing.items() if not FULL.match(name)]
    said.append(f"{len(files)} files, {full} of them to be covered in full; all together {share:.2f} %")
    wrong = [f"{name} was not measured" for name in sorted(wanted - set(files))]
    wrong += [f"{name} must be covered in full: {', '.join(found)}" for name, found in missing.items() if FULL.match(name)]
    if share < LEAST:
        wrong.append(f"{share:.2f} % of all lines and branches, at least {LEAST:.0f} % wanted")
    return said, wrong


def main() -> int:
    """Print the gaps, those that break a bound last."""
    try:
        report = measured()
    except CoverageException as fault:  # no data file, or one without a line of ours
        print(f"FAIL no coverage to judge: {fault}")
        return 1
    said, wrong = verdict(report, code())
    print(*said, *(f"FAIL {text}" for text in wrong), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
