"""The coverage gate itself: it must fail where it should."""
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from coverage import Coverage

ROOT = Path(__file__).parents[1]
KERNEL, DOMAIN, PAGE = "apps/org/scope.py", "apps/risks/services/filing.py", "apps/risks/views.py"


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("covered", ROOT / ".ci/covered.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(share: float = 99.0, **gaps: tuple[list, list]) -> dict:
    """What coverage would report for three files; `gaps` are lines and ways missing by file."""
    whole = {"kernel": KERNEL, "domain": DOMAIN, "page": PAGE}
    files = {name: dict(zip(("missing_lines", "missing_branches"), gaps.get(key, ([], [])), strict=True)) for key, name in whole.items()}
    return {"files": files, "totals": {"percent_covered": share}}


def test_full_coverage_passes(gate):
    said, wrong = gate.verdict(report(), {KERNEL, DOMAIN, PAGE})
    assert said == ["3 files, 2 of them to be covered in full; all together 99.00 %"]
    assert wrong == []


@pytest.mark.parametrize(("key", "name"), [("kernel", KERNEL), ("domain", DOMAIN)])
def test_one_way_not_taken_fails_where_full_coverage_is_asked(gate, key, name):
    assert gate.verdict(report(**{key: ([], [[7, 9]])}), set())[1] == [f"{name} must be covered in full: 7->9"]
    assert gate.verdict(report(**{key: ([], [[7, -3]])}), set())[1] == [f"{name} must be covered in full: 7->exit"]
    assert gate.verdict(report(**{key: ([8], [[7, 8], [8, 9]])}), set())[1] == [f"{name} must be covered in full: 8"]


def test_a_gap_in_a_page_is_named_and_bears_on_the_whole_only(gate):
    said, wrong = gate.verdict(report(page=([5], [])), set())
    assert said[0] == f"{PAGE}: 5"
    assert wrong == []
    assert gate.verdict(report(94.99), set())[1] == ["94.99 % of all lines and branches, at least 95 % wanted"]


def test_a_file_nobody_measured_fails(gate):
    assert gate.verdict(report(), {PAGE, "apps/risks/rules.py"})[1] == ["apps/risks/rules.py was not measured"]


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("apps/core/static.py", True),
        ("apps/pages/views.py", True),
        ("apps/risks/rules.py", True),
        ("apps/risks/services/__init__.py", True),
        ("apps/dashboards/queries.py", True),
        ("apps/registers/gifts/nodes.py", True),
        ("apps/risks/machine.py", True),
        ("apps/risks/content.py", True),
        ("apps/later/services_of_days.py", True),
        ("apps/risks/forms.py", False),
        ("apps/risks/contents.py", False),
        ("config/tick.py", False),
    ],
)
def test_the_bounds_are_where_the_house_puts_them(gate, name, full):
    assert bool(gate.FULL.match(name)) is full


def test_the_code_counted_is_what_the_measurement_is_set_to(gate):
    """The folders and exceptions of the gate and of pyproject.toml are the same."""
    asked = Coverage(config_file=str(ROOT / "pyproject.toml"), data_file=None)
    assert (asked.get_option("run:branch"), asked.get_option("run:source")) == (True, ["apps", "config"])
    assert asked.get_option("run:omit") == ["*/migrations/*", "config/demo/*"]
    assert {"apps/org/scope.py", "config/tick.py"} <= gate.code()
    assert [n for n in gate.code() if "migrations" in n or n.startswith("config/demo")] == []


def test_without_data_the_gate_fails(gate, monkeypatch, tmp_path, capsys):
    (tmp_path / "pyproject.toml").write_text(f'[tool.coverage.run]\nbranch = true\ndata_file = "{tmp_path}/none"\n')
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    assert gate.main() == 1
    assert "FAIL no coverage to judge" in capsys.readouterr().out


def test_ci_measures_in_its_one_run_and_judges_after_it():
    text = (ROOT / ".ci/run").read_text()
    assert text.index("rm -f .coverage") < text.index("portal.py test --cov --cov-report=") < text.index(".ci/covered.py")
    assert text.count("portal.py test") == 1
