"""Scopes of somebody with several rights, and what 限定人员 means for a kind that cannot be lent."""
from apps.org.models import Body, Sitting, UnitRecord
from apps.org.scope import kept_for_others, scope_of
from apps.org.services import record_sitting


def test_each_of_two_subtrees_reaches_its_own_units_only(make_user, tree, at):
    from apps.accounts.models import User
    from apps.org.services import assign

    user = make_user("u", "R13", "CJ", include_subtree=True)
    assign(user, role="R04", unit=tree["JY"], by=None, at=at, since=at.date(), include_subtree=True)
    scope = scope_of(User.objects.get(pk=user.pk), on=at.date())
    reached = {grip.role: set(grip.unit_ids) for grip in scope.grips}
    assert reached == {"R13": {tree["CJ"].pk, tree["WY"].pk}, "R04": {tree["JY"].pk}}
    assert scope.holds("R13", unit_id=tree["WY"].pk)
    assert not scope.holds("R04", unit_id=tree["WY"].pk)
    assert not scope.holds("R13", unit_id=tree["JY"].pk)


def test_a_limited_row_that_cannot_be_lent_is_kept_from_everybody_but_its_author(make_user, tree, at):
    author, boss = make_user("author", "R06", "CJ"), make_user("boss", "R03", "JT", include_subtree=True)
    body = Body.objects.create(unit=tree["CJ"], kind=Body.Kind.PARTY, name="党委会")
    facts = {"met_on": at.date(), "subject": "风险点审定", "present": 5, "by": author, "at": at}
    limited, free = (record_sitting(body, number=number, **facts) for number in ("1", "2"))
    Sitting.objects.filter(pk=limited.pk).update(secrecy=UnitRecord.Secrecy.LIMITED)
    assert [row["pk"] for row in kept_for_others(Sitting, boss)] == [limited.pk]
    assert list(kept_for_others(Sitting, author)) == []
    assert free.pk != limited.pk
