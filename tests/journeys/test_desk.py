"""The watchman himself: what goes wrong in a browser does not pass unseen."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_desk_notices_what_goes_wrong(desk):
    person = desk("author")
    page = person.open("/")
    assert (person.faults, person.axe(), person.too_wide()) == ([], [], False)
    page.evaluate(
        """async () => { setTimeout(() => { throw new Error('a broken script'); });
        console.warn('a warning');
        const box = document.createElement('div');
        box.innerHTML = '<button></button><p style="width: 9000px">wide</p>';
        document.getElementById('main').append(box);
        await fetch('http://elsewhere.invalid/').catch(() => 0);
        await fetch('/static/no-such.css').catch(() => 0); }"""
    )
    page.get_by_text("wide").evaluate("place => { place.style.width = '9000px'; }")
    noticed = "\n".join(person.faults)
    for sign in ("a broken script", "a warning", "Content Security Policy", "elsewhere.invalid", "404 "):
        assert sign in noticed, sign
    assert any("button-name" in one for one in person.axe())
    assert person.too_wide()
    person.faults.clear()
