"""The tags of every template, the menu, and what the shell costs."""
import datetime
import re
from decimal import Decimal
from types import SimpleNamespace as Thing

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone

from apps.core.templatetags import ui
from config import errors, menu
from config.shell import Shell


def draw(text, **context):
    return engines["django"].from_string(text).render(context, context.pop("request", None))


class Questions(forms.Form):
    name = forms.CharField(label="名称", max_length=50, error_messages={"required": "填写名称"})
    why = forms.CharField(label="事由", max_length=200, required=False, widget=forms.Textarea, help_text="写明依据")
    kind = forms.ChoiceField(
        label="类别", choices=[("a", "甲"), ("b", "乙")], widget=forms.RadioSelect, error_messages={"required": "选择类别"}
    )
    amount = forms.DecimalField(label="金额", required=False, error_messages={"invalid": "金额只填数字，单位为万元"})
    agreed = forms.BooleanField(label="公开", required=False)
    part = forms.ChoiceField(label="部门", choices=[("1", "一部")], required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        if self.cleaned_data.get("name") == "错":
            raise forms.ValidationError("名称与类别不符")


class Line(forms.Form):
    text = forms.CharField(label="措施", error_messages={"required": "填写措施"})


Lines = forms.formset_factory(Line, extra=1, can_delete=True)
MANAGED = {"l-TOTAL_FORMS": "1", "l-INITIAL_FORMS": "1"}


# ---- small marks


def test_an_icon_is_hidden_from_screen_readers():
    assert ui.icon("home") == '<svg class="ico" aria-hidden="true"><use href="#i-home"></use></svg>'
    assert 'class="ico chev"' in ui.icon("right", "chev")


def test_every_icon_named_in_a_template_is_in_the_sprite(settings):
    drawn = set(re.findall(r'id="i-([a-z]+)"', ui.sprite()))
    used = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        used.update(re.findall(r'\{% icon "([a-z]+)"', path.read_text("utf-8")))
    used.update(entry.icon for entry in menu.MENU if entry.icon)
    used.update(entry.icon for entry in menu.TABS)
    used.update(ui.LAMPS.values())
    assert used - drawn == set()


def test_no_template_holds_inline_script_or_style(settings):
    faults = [
        str(path) for path in (settings.BASE_DIR / "templates").rglob("*.html") if "papers" not in path.parts
        and re.search(r'\sstyle="|<style|<script(?![^>]*\ssrc=)|\son[a-z]+="|javascript:', path.read_text("utf-8"))
    ]
    assert faults == []


def test_a_state_is_told_in_words_and_escaped():
    assert ui.pill("ok", "已办<b>") == '<span class="pill pill-ok">已办&lt;b&gt;</span>'
    assert "pill-lg" in ui.pill("info", "审核中", "clock", large=True)
    assert "#i-clock" in ui.pill("info", "审核中", "clock")


def test_a_lamp_differs_in_shape_as_well():
    assert len({re.search(r"#i-(\w+)", ui.lamp(kind, "剩 3 天")).group(1) for kind in "rygn"}) == 4
    assert "剩 3 天" in ui.lamp("y", "剩 3 天")


@pytest.mark.parametrize(
    ("code", "css", "word"), [("h", "lv-h", "高"), ("medium", "lv-m", "中"), ("低", "lv-l", "低"), ("HIGH", "lv-h", "高")]
)
def test_a_level_is_shown_by_its_word(code, css, word):
    assert ui.level(code) == f'<span class="lv {css}" title="{word}风险">{word}</span>'


def test_a_level_not_rated_yet_is_a_dash():
    assert ui.level(None) == '<span class="sec">—</span>'
    assert ui.level("待评") == '<span class="sec">待评</span>'


def test_a_bar_never_divides_by_nothing():
    assert ui.bar(0, 0, "进度") == '<progress class="bar " value="0" max="1" aria-label="进度"></progress>'
    assert 'value="3" max="5"' in ui.bar(3, 5, "进度", "ok")


def test_messages_get_the_look_of_their_level():
    assert ui.message_kind("error") == {"kind": "bad", "icon": "xc"}
    assert ui.message_kind("unknown")["icon"] == "info"


def test_the_trail_ends_without_a_link():
    html = draw('{% crumb crumbs %}', crumbs=[("工作台", "/"), ("风险防控", ""), ("新建", "/x/")])
    assert '<a href="/">工作台</a>' in html
    assert '<span aria-current="page">新建</span>' in html
    assert "/x/" not in html


# ---- values


def test_empty_is_a_dash_and_zero_is_a_value():
    assert [ui.dash(value) for value in (None, "", 0, False, "x")] == ["—", "—", 0, False, "x"]


def test_dates_have_one_form():
    this_year = timezone.localdate().year
    instant = datetime.datetime(this_year, 11, 20, 2, 42, tzinfo=datetime.UTC)
    assert ui.day(datetime.date(2025, 1, 5)) == "2025-01-05"
    assert ui.short_day(datetime.date(this_year, 1, 5)) == "01-05"
    assert ui.short_day(datetime.date(2019, 1, 5)) == "2019-01-05"
    assert ui.moment(instant) == f"{this_year}-11-20 10:42"
    assert ui.short_moment(instant) == "11-20 10:42"
    assert [f(None) for f in (ui.day, ui.short_day, ui.moment, ui.short_moment)] == ["—"] * 4


def test_the_day_of_an_instant_is_the_chinese_day():
    assert ui.day(datetime.datetime(2025, 12, 31, 18, 0, tzinfo=datetime.UTC)) == "2026-01-01"


def test_money_is_grouped():
    assert ui.money(Decimal("4860")) == "4,860.00"
    assert ui.money(1234567.5, 0) == "1,234,568"
    assert ui.money(None) == "—"
    assert ui.money("") == "—"


def test_sizes_of_files_are_readable():
    assert [ui.filesize(n) for n in (None, 10, 389120, 13002342)] == ["—", "1 KB", "380 KB", "12.4 MB"]


def test_a_change_marks_only_what_changed():
    assert ui.changes("利率 3.15%。", "利率 3.15%，已比选。") == "利率 3.15%<ins>，已比选</ins>。"
    assert ui.changes("金额 30,000.00 万元", "金额 26,000.00 万元") == "金额 <del>30,000.00</del><ins>26,000.00</ins> 万元"


def test_a_rewritten_text_is_shown_whole_and_escaped():
    assert ui.changes("待定", "<b>信用") == "<del>待定</del><ins>&lt;b&gt;信用</ins>"
    assert ui.changes(None, "新") == "<ins>新</ins>"
    assert ui.changes("旧", "") == "<del>旧</del>"


# ---- fields


def test_a_field_says_in_words_that_it_is_required():
    html = draw("{% field form.name %}{% field form.why %}", form=Questions())
    assert '<label for="id_name">名称<span class="req">必填</span></label>' in html
    assert '<span class="opt">选填</span>' in html
    assert "required" in html
    assert "必填" not in draw("{% field form.name marks=False %}", form=Questions())
    assert "选填" not in draw("{% field form.why optional=False %}", form=Questions())
    assert "选填" not in draw("{% field form.agreed %}", form=Questions())


def test_hint_and_fault_are_tied_to_the_input():
    form = Questions({"why": "x" * 300})
    html = draw("{% field form.why %}", form=form)
    assert 'aria-invalid="true"' in html
    described = re.search(r'aria-describedby="([^"]+)"', html).group(1).split()
    assert set(described) == {"id_why_helptext", "id_why_error"}
    assert all(f'id="{name}"' in html for name in described)
    assert "300 / 200 字" in html


def test_a_group_of_choices_is_a_fieldset():
    html = draw("{% field form.kind %}", form=Questions({}))
    assert "<fieldset" in html
    assert "<legend" in html
    assert "选择类别" in html
    assert html.count('class="rcard"') == 2


def test_what_cannot_be_read_as_a_number_stays_in_the_box():
    html = draw('{% field form.amount unit="万元" %}', form=Questions({"amount": "约一千八百"}))
    assert 'type="text"' in html
    assert 'value="约一千八百"' in html
    assert "万元</span>" in html
    assert "金额只填数字，单位为万元" in html


def test_inputs_get_the_class_of_their_kind():
    form = Questions()
    assert 'class="form-check-input"' in ui.control(form["agreed"])
    assert 'class="form-select"' in ui.control(form["part"])
    assert 'class="form-control"' in ui.control(form["name"])
    assert 'class=' not in ui.control(form["secret"])
    assert 'data-x="1"' in ui.control(form["name"], data_x="1", title="")
    assert 'class="form-control big"' in ui.control(form["name"], **{"class": "big"})


def test_a_hidden_field_shows_no_label():
    assert "<label" not in draw("{% field form.secret %}", form=Questions())


def test_django_draws_whole_forms_with_the_same_field():
    html = Questions().as_div()
    assert html.count('class="fld') == 6
    assert "必填" in html


# ---- error summary


def test_the_summary_repeats_every_message_word_for_word_and_links_it():
    form, lines = Questions({"amount": "x"}), Lines(MANAGED | {"l-0-text": ""}, prefix="l")
    html = draw("{% errsum form lines %}", form=form, lines={"lines": lines})
    assert "还有 4 处需要修改，改好后才能提交" in html
    assert re.findall(r'<a href="#([^"]+)">([^<]+)</a>', html) == [
        ("id_name", "填写名称"), ("id_kind", "选择类别"), ("id_amount", "金额只填数字，单位为万元"), ("id_l-0-text", "填写措施"),
    ]


def test_faults_of_the_whole_form_are_listed_without_a_link():
    html = draw('{% errsum form verb="保存" %}', form=Questions({"name": "错", "kind": "a"}))
    assert "<li>名称与类别不符</li>" in html
    assert "改好后才能保存" in html


def test_faults_of_a_whole_formset_are_listed():
    short = forms.formset_factory(Line, extra=0, min_num=2, validate_min=True)
    html = draw("{% errsum lines %}", lines=short({"l-TOTAL_FORMS": "1", "l-INITIAL_FORMS": "1", "l-0-text": "x"}, prefix="l"))
    assert "还有 1 处" in html


def test_there_is_no_summary_without_faults():
    assert draw("{% errsum form nothing %}", form=Questions({"name": "对", "kind": "a"})).strip() == ""
    assert draw("{% errsum form %}", form=Questions()).strip() == ""


def test_a_page_knows_whether_anything_is_wrong():
    assert ui.has_faults(Questions({}))
    assert not ui.has_faults(Questions())
    assert not ui.has_faults(None)


# ---- lists


def get(address="/", user=None):
    request = RequestFactory().get(address)
    request.user = user or AnonymousUser()
    return request


def test_links_of_a_list_keep_its_conditions():
    table = Thing(prefixed_order_by_field="sort", prefixed_page_field="page")
    context = {"request": get("/r/?q=甲&page=3&sort=name"), "table": table}
    assert ui.page_link(context, 4) == "?q=%E7%94%B2&sort=name&page=4"
    assert ui.sort_link(context, table, "-name") == "?q=%E7%94%B2&sort=-name"
    assert ui.kept(context, "sort", "view") == [("sort", "name")]


def test_the_pager_leaves_out_what_is_far():
    paginator = Paginator(range(300), 10)
    assert ui.page_range(Thing(paginator=paginator, page=paginator.page(15))) == [1, "…", 14, 15, 16, "…", 30]


def test_a_list_not_counted_to_its_end_says_so():
    assert ui.total(Thing(count=137)) == "137"
    assert ui.total(Thing(count=10001, is_capped=True)) == "超过 10,000"


class Conditions(forms.Form):
    q = forms.CharField(required=False)
    state = forms.MultipleChoiceField(choices=[("a", "草稿"), ("b", "生效"), ("c", "公示")], required=False)
    mine = forms.BooleanField(required=False)
    sort = forms.CharField(required=False)


def test_a_query_form_shows_no_parameter_of_the_list_itself():
    fields = ui.query_fields(Conditions())
    assert [(field.name, ui.query_kind(field)) for field in fields] == [("q", "plain"), ("state", "many"), ("mine", "check")]


@pytest.mark.parametrize(("states", "words"), [([], "全部"), (["b"], "生效"), (["a", "c"], "已选 2 项")])
def test_a_filter_with_several_values_says_what_is_chosen(states, words):
    assert ui.chosen(Conditions({"state": states})["state"]) == words


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, []),
        ({"q": "王建", "state": ["a", "c"], "mine": "on", "sort": "name"}, ["Q“王建”", "State“草稿、公示”", "Mine"]),
    ],
)
def test_an_empty_list_repeats_its_conditions(asked, said):
    assert ui.query_said(Conditions(asked)) == said


def test_a_list_without_a_query_form_has_no_conditions():
    assert ui.query_said("") == []


def test_a_field_takes_what_is_pasted_and_knows_its_limit():
    class Short(forms.Form):
        name = forms.CharField(max_length=5)

    drawn = ui.control(Short()["name"])
    assert "maxlength" not in drawn
    assert 'data-limit="5"' in drawn


def test_a_date_is_typed_as_text():
    class Day(forms.Form):
        on = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    drawn = ui.control(Day({"on": "明年"})["on"])
    assert 'type="text" inputmode="numeric"' in drawn
    assert 'value="明年"' in drawn


def test_a_choice_not_made_is_called_so():
    class Plain(forms.Form):
        part = forms.ChoiceField(choices=[("", "---------"), ("1", "一部")], required=False)

    assert ">未选择</option>" in ui.control(Plain()["part"])


def test_words_are_cut_at_blanks():
    assert ui.words("10 20") == ["10", "20"]


# ---- moves


def move(name, label, opinion="optional", decides=True):
    return Thing(name=name, label=label, opinion=opinion, decides=decides, speaks=False, asks="")


def test_returning_stands_left_and_agreeing_right():
    lines = ui.split_moves([move("approve", "同意"), move("return", "退回", "required"), move("void", "作废", "required", False)])
    assert [(line["label"], line["kind"]) for line in lines["panel"]] == [("退回", "danger"), ("同意", "primary")]
    assert [(line["label"], line["kind"], line["ask"]) for line in lines["others"]] == [("作废", "danger", "1")]


def test_there_is_one_primary_button():
    lines = ui.split_moves([move("approve", "同意"), move("forward", "报党委"), move("submit", "提交", decides=False)])
    assert [line["kind"] for line in lines["panel"]] == ["line", "primary"]
    assert lines["others"][0]["ask"] == ""
    assert ui.split_moves(None) == {"panel": [], "others": []}


def test_the_panel_says_when_an_opinion_must_be_written():
    lines = [{"label": "同意", "opinion": "optional"}, {"label": "退回", "opinion": "required"}]
    assert ui.opinion_rule(lines) == "退回时必填"
    assert ui.opinion_rule(lines[:1]) == "选填"
    assert ui.opinion_rule(lines[1:]) == "必填"


def test_the_panel_names_what_is_written_when_all_ask_for_the_same():
    answer, agree = {"asks": "答复"}, {"asks": ""}
    assert ui.opinion_name([answer]) == "答复"
    assert ui.opinion_name([agree, answer]) == "意见"
    assert ui.opinion_name([agree]) == "意见"


def test_a_return_is_red_in_the_timeline():
    assert [ui.step_kind(Thing(move=name)) for name in ("submit", "return_to_author")] == ["ok", "bad"]


def test_a_state_has_its_tint():
    assert ui.state_kind(Thing(state="draft")) == "grey"
    assert ui.state_kind(Thing(state="reviewing")) == "info"
    assert ui.state_kind(Thing(state="draft", state_kind="warn")) == "warn"


def test_repeating_rows_have_a_heading():
    assert ui.rows_title(Thing(title="防控措施")) == "防控措施"
    assert ui.rows_title(Thing(model=Thing(_meta=Thing(verbose_name="措施")))) == "措施"


# ---- menu


class Holding:
    """A scope that holds exactly these letters."""

    def __init__(self, *held):
        self.held = set(held)

    def may(self, function, letter):
        return (function, letter) in self.held


@pytest.fixture
def built(monkeypatch):
    """The pages that exist, by URL name."""
    pages = {}
    monkeypatch.setattr(menu, "address", lambda name: pages.get(name, ""))
    return pages


def named(label):
    return next(entry.url_name for entry in [*menu._all_entries(), *menu.TABS] if entry.label == label)


def test_a_page_that_is_not_built_is_not_in_the_menu(built):
    built.update({"home": "/", named("廉政风险点"): "/risks/"})
    lines = menu.menu_of(Holding(("risk", "R"), ("duty", "R")), "/")
    assert [line.label for line in lines] == ["工作台", "风险防控"]
    assert [item.label for item in lines[1].items] == ["廉政风险点"]


def test_what_a_role_may_never_open_is_not_in_the_menu(built):
    built.update({"home": "/", named("廉政风险点"): "/risks/", named("操作日志"): "/system/log/"})
    assert [line.label for line in menu.menu_of(Holding(), "/")] == ["工作台"]
    assert [line.label for line in menu.menu_of(Holding(("log", "R")), "/")] == ["工作台", "系统管理"]


def test_the_entry_of_the_current_page_is_marked_and_its_group_open(built):
    built.update({"home": "/", named("廉政风险点"): "/risks/", named("防控措施"): "/risks/measures/"})
    scope = Holding(("risk", "R"))
    home, risks = menu.menu_of(scope, "/risks/17/")
    assert (home.on, risks.on) == (False, True)
    assert [item.on for item in risks.items] == [True, False]
    assert [item.on for item in menu.menu_of(scope, "/risks/measures/")[1].items] == [False, True]
    assert menu.menu_of(scope, "/")[0].on


def test_the_phone_bar_needs_the_letter_too(built):
    built.update({"home": "/", named("填报"): "/risks/new/"})
    assert [item.label for item in menu.tabs_of(Holding(("risk", "R")), "/")] == ["工作台"]
    assert [item.label for item in menu.tabs_of(Holding(("risk", "C")), "/")] == ["工作台", "填报"]


def test_every_function_the_menu_names_is_in_the_matrix():
    from apps.org.matrix import FUNCTIONS

    assert {entry.needs for entry in [*menu._all_entries(), *menu.TABS]} - {""} <= set(FUNCTIONS)


def test_there_are_at_most_nine_lines_for_every_role_but_the_widest():
    from apps.org.matrix import allows
    from apps.org.roles import Role

    for role in Role:
        groups = [line for line in menu.MENU if isinstance(line, menu.Group)]
        held = [g for g in groups if any(not e.needs or allows(role, e.needs, e.letter) for e in g.entries)]
        assert len(held) + 2 <= 9, role


def test_an_address_that_does_not_resolve_is_empty():
    assert menu.address("no-such-page") == ""
    assert menu.address("login").endswith("/login/")


def test_a_pair_that_would_stand_alone_takes_the_line():
    rows = [("a", 1), ("b", 2), ("c", 3), ("d", 4, True), ("e", 5, False)]
    assert [(label, wide) for label, _, wide in ui.filled(rows)] == [("a", False), ("b", False), ("c", True), ("d", True), ("e", True)]
    assert ui.filled([("a", 1), ("b", 2)]) == [("a", 1, False), ("b", 2, False)]
    assert ui.filled([]) == []


# ---- shell and error pages


@pytest.mark.django_db
def test_a_visitor_costs_no_query(django_assert_num_queries):
    shell = Shell(get("/login/"))
    with django_assert_num_queries(0):
        assert (shell.menu, shell.tabs, shell.unit_name, shell.todo_count) == ([], (), "", 0)


def test_before_login_size_and_colours_come_from_cookies():
    request = get("/login/")
    assert (Shell(request).large, Shell(request).theme) == (False, "light")
    request.COOKIES.update({"size": "large", "theme": "dark"})
    assert (Shell(request).large, Shell(request).theme) == (True, "dark")


def test_after_login_they_come_from_the_account():
    request = get("/", Thing(is_authenticated=True, prefers_large=True, prefers_dark=True))
    assert (Shell(request).large, Shell(request).theme) == (True, "dark")


@pytest.mark.parametrize(
    ("view", "status", "words"),
    [
        (errors.bad_request, 400, "请求无法识别"),
        (errors.forbidden, 403, "您没有此项操作的权限"),
        (errors.csrf_failure, 403, "页面已失效"),
        (errors.not_found, 404, "没有找到这条记录"), (errors.server_error, 500, "页面没有加载出来"),
    ],
)
def test_error_pages_need_no_database(view, status, words):
    answer = view(get("/x/"))
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


def test_programs_get_their_errors_as_json():
    for request in (RequestFactory().get("/api/v1/nothing/"), RequestFactory().get("/x/", headers={"HX-Request": "true"})):
        request.user = AnonymousUser()
        answer = errors.not_found(request)
        assert answer.headers["Content-Type"] == "application/json"
        assert "没有找到这条记录" in answer.content.decode()
    assert errors.csrf_failure(RequestFactory().get("/x/", headers={"HX-Request": "true"})).headers["Content-Type"] == "application/json"


@pytest.mark.django_db
def test_an_unknown_address_shows_our_page(client):
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "没有找到这条记录" in answer.content.decode()
