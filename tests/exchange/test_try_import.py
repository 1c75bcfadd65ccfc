"""`manage.py try_import FOLDER`: a line for every register of a folder, and nothing stays."""

import io

import pytest
from django.core.management import CommandError, call_command

from apps.exchange.models import Batch
from apps.risks.models import RiskPoint
from tests.exchange.test_pages import FINE, GAP, HEAD
from tests.kit.sheets import write_book


def table(folder, user):
    out = io.StringIO()
    call_command("try_import", folder, user=user, stdout=out)
    return [line.split("\t") for line in out.getvalue().splitlines()]


def test_every_sheet_of_a_folder_is_told_and_nothing_stays(world, tmp_path):
    write_book(tmp_path / "a.xlsx", {"台账": [HEAD, FINE, GAP], "附表": [HEAD, FINE]})
    write_book(tmp_path / "b.xlsx", {"通知": [["关于开会的通知"], ["请准时"]]})
    write_book(tmp_path / "c.xlsx", {"台账": [HEAD, GAP]})
    (tmp_path / "d.txt").write_text("x")
    head, *lines = table(tmp_path, world.clerk.username)
    assert head == ["文件", "登记表", "行数", "需要修改", "有提醒", "可导入"]
    assert lines[:2] == [["a.xlsx", "台账", "2", "1", "0", "1"], ["a.xlsx", "附表", "1", "0", "0", "1"]]
    assert "没有找到廉政风险点登记表" in lines[2][1]
    assert lines[3] == ["c.xlsx", "台账", "1", "1", "0", "0（没有要导入的行。）"]
    assert not Batch.objects.exists()
    assert not RiskPoint._base_manager.exists()


def test_it_says_whose_right_is_missing(world, tmp_path):
    with pytest.raises(CommandError, match="没有账号"):
        table(tmp_path, "nobody")
    with pytest.raises(CommandError, match="没有登记的权限"):
        table(tmp_path, world.discipline.username)
