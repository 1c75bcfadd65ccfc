"""How a person wants a list drawn: kept with the account, list by list."""

import json

import pytest


def keep(browser, place, look):
    return browser.post("/me/look/", {"list": place, "look": look if isinstance(look, str) else json.dumps(look)})


def looks_of(user):
    return type(user).objects.get(pk=user.pk).list_looks


def test_columns_order_and_row_height_stay_with_the_person(world, as_):
    browser = as_(world.author)
    assert keep(browser, "/risks/", {"off": ["domain"], "order": ["name", "level"], "dense": True}).status_code == 204
    keep(browser, "/system/people/", {"off": ["phone"]})
    told = browser.get("/risks/").content.decode()
    assert 'data-own="{&quot;off&quot;: [&quot;domain&quot;]' in told
    assert set(looks_of(world.author)) == {"/risks/", "/system/people/"}
    keep(browser, "/risks/", {})
    assert set(looks_of(world.author)) == {"/system/people/"}
    keep(browser, "/risks/", {"dense": True})
    assert 'data-own="{}"' in as_(world.head).get("/risks/").content.decode()


@pytest.mark.parametrize("place", ["", "risks", "/risks/?a=1", "//evil/", "/" + "a" * 30 + "/", "/a/b/c/d/e/"])
def test_what_is_no_list_is_refused(world, as_, place):
    assert keep(as_(world.author), place, {"dense": True}).status_code == 422
    assert looks_of(world.author) == {}


@pytest.mark.parametrize("look", ["[]", "{", '{"off": "x", "dense": "yes"}', "1" * 5000, "[" * 1500, '{"off": ["\\u0000", "\\ud800", 7]}'])
def test_what_is_no_look_counts_as_none(world, as_, look):
    assert keep(as_(world.author), "/risks/", look).status_code == 204
    assert looks_of(world.author) == {}


def test_sixty_lists_are_kept_and_no_more(world, as_):
    browser = as_(world.author)
    for number in range(63):
        keep(browser, f"/list-{number}/", {"dense": True})
    assert list(looks_of(world.author)) == [f"/list-{number}/" for number in range(3, 63)]
