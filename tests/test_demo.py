"""The demo group, as the first start fills it in."""
import io
import re
import stat

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.audit.models import Event
from apps.notices.models import Delivery
from apps.org.models import Unit
from apps.risks.models import RiskPoint

pytestmark = pytest.mark.django_db


def seed(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command("seed_demo", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_an_empty_database_gets_the_group_once(monkeypatch):
    monkeypatch.setenv("PORTAL_DEMO_PASSWORD", "Ml-2026-qinglian#7")
    table, said = seed("--if-empty")
    counted = [int(n) for n in re.findall(r"\d+", said)]
    assert counted == [Unit.objects.count(), User.objects.count(), RiskPoint.objects.count()]
    assert set(RiskPoint.objects.values_list("state", flat=True)) >= {"draft", "department", "discipline", "publicity", "in_force"}
    assert not Delivery.objects.filter(state="pending").exists()
    assert Event.objects.filter(event_type="unattributed").count() == 0
    names = [line.split()[0] for line in table.splitlines()]
    assert {"clerk", "manager", "outsider", "sysadmin"} <= set(names)
    assert User.objects.filter(username__in=names, is_active=True).count() == len(names)
    assert User.objects.get(username="clerk").check_password("Ml-2026-qinglian#7")
    assert seed("--if-empty") == ("", "")
    with pytest.raises(CommandError, match="数据库不是空的"):
        seed()
    assert RiskPoint.objects.count() == counted[2]


def test_a_random_password_is_kept_for_the_owner_of_the_folder_only(monkeypatch):
    from config.management.commands.seed_demo import demo_password

    monkeypatch.delenv("PORTAL_DEMO_PASSWORD", raising=False)
    first, second = demo_password(), demo_password()
    kept = settings.STATE_DIR / "demo-password"
    assert first != second == kept.read_text().strip()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(first) > 12
