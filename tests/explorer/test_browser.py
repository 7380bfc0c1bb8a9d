"""The explorer in a browser: dragged, played, chosen from, sent as an address, in the dark and on a phone."""

from urllib.parse import parse_qs

import pytest
from tests.workflow.browser import PROGRAM

from infoplane.explorer.page import page

from .conftest import FINDINGS, PARAMETERS, VERSIONS, opened

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium or Chrome")
NOW = "document.getElementById('epoch').textContent"


def said(browser):
    """The state in the address."""
    assert browser.wait("location.hash === fragment()")
    return {key: value for key, (value,) in parse_qs(browser.evaluate("location.hash.slice(1)")).items()}


def choose(browser, which, value):
    browser.evaluate(
        f"{{const s = document.getElementById('{which}'); s.value = '{value}'; s.dispatchEvent(new Event('change'))}}"
    )


def pointer(browser, kind, x, y):
    browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)


def drag(browser, start, end, steps=12):
    pointer(browser, "mousePressed", *start)
    for step in range(1, steps + 1):
        share = step / steps
        pointer(browser, "mouseMoved", *(a + share * (b - a) for a, b in zip(start, end, strict=True)))
    pointer(browser, "mouseReleased", *end)


def box(browser, selector):
    """Left, top, width, height of an element in the window, scrolled to."""
    browser.evaluate(f"document.querySelector('{selector}').scrollIntoView({{block: 'center', behavior: 'instant'}})")
    where = f"(({{left, top, width, height}}) => [left, top, width, height])(document.querySelector('{selector}').getBoundingClientRect())"
    return browser.evaluate(where)


def press(browser, key):
    for kind in ("keyDown", "keyUp"):
        text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, **text)


def test_the_tour_leads_from_a_layer_to_all_of_them(browser):
    assert said(browser)["step"] == "1"
    browser.evaluate("document.querySelectorAll('#plane g.clickable')[0].dispatchEvent(new Event('click'))")
    assert browser.wait("document.querySelector('#layers [aria-checked=true]').textContent === 'T₁'")
    for step in range(2, 7):
        browser.evaluate("document.getElementById('next').click()")
        assert browser.wait(
            f"document.querySelector('.steps [aria-current]').textContent === document.querySelectorAll('.steps button')[{step - 1}].textContent"
        )
    assert browser.evaluate("document.querySelectorAll('#plane circle').length") == 4
    assert browser.evaluate("document.getElementById('next').disabled")


def test_what_is_told_is_the_number_of_the_analysis(browser, analysis):
    node = analysis["condition_1"].to_dataset()
    choose(browser, "network", "1")
    browser.evaluate("change({layer: 2, time: 5, step: 3})")
    i_ty = float(node["I_TY"].sel(estimator="binned", replicate=1, epoch=20, layer=3))
    assert browser.wait(
        f"document.querySelector('[data-now=y]').textContent.startsWith('T₃ at epoch 20 knows {i_ty:.3f} of')"
    )
    assert browser.wait("document.getElementById('live').textContent.startsWith('T₃, network 1, epoch 20')")


def test_the_point_can_be_dragged_along_its_path(browser):
    browser.evaluate("change({step: 5, layer: 2, time: 0})")
    left, top, *_ = box(browser, "#plane")
    path = browser.evaluate(
        "(([xs, ys]) => xs.map((x, i) => [x, ys[i]]))(pathOf(toldNetwork(), 2, planeNow.x, planeNow.y))"
    )
    start, end = ((left + x, top + y) for x, y in (path[0], path[-1]))
    drag(browser, start, end)
    assert browser.wait(f"{NOW} === 'epoch 100'")
    drag(browser, (left + 3, top + 3), start)  # nothing is there to drag
    assert browser.evaluate(NOW) == "epoch 100"
    assert said(browser)["epoch"] == "100"


def test_a_curve_can_be_dragged_and_all_follow(browser):
    left, top, width, height = box(browser, "#error")
    drag(browser, (left + width / 2, top + height / 2), (left + width - 11, top + height / 2))
    assert browser.wait(f"{NOW} === 'epoch 100'")
    cursors = browser.evaluate(
        "[...document.querySelectorAll('.charts .cursor')].map((line) => Math.round(line.getAttribute('x1')))"
    )
    assert len(set(cursors)) == 1


def test_it_plays_to_the_end_and_pauses(browser):
    browser.evaluate("document.getElementById('play').click()")
    assert browser.wait(f"document.getElementById('play-word').textContent === 'Pause' && {NOW} !== 'epoch 0'")
    browser.evaluate("document.getElementById('play').click()")
    held = browser.evaluate(NOW)
    assert held != "epoch 0"
    assert not browser.evaluate(f"new Promise(() => 0), {NOW} !== '{held}'")
    press(browser, " ")
    assert browser.wait(f"{NOW} === 'epoch 100' && document.getElementById('play-word').textContent === 'Play'")


def test_the_keyboard_is_enough(browser):
    browser.evaluate("document.querySelector('#layers [aria-checked=true]').focus()")
    before = int(said(browser)["layer"])
    press(browser, "ArrowRight")
    assert browser.wait(f"document.activeElement.ariaChecked === 'true' && state.layer === {before}")
    browser.evaluate("document.getElementById('time').focus()")
    browser.call(
        "Input.dispatchKeyEvent", type="keyDown", key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39
    )
    assert browser.wait(f"{NOW} === 'epoch 1'")
    unnamed = "[...document.querySelectorAll('button, select, input, svg[role=img]')].filter((e) => !e.ariaLabel && !e.textContent.trim() && !e.labels?.length).length"
    assert browser.evaluate(unnamed) == 0


def test_conditions_networks_and_estimators_can_be_chosen(browser):
    choose(browser, "condition", "1")
    choose(browser, "network", "all")
    choose(browser, "estimator", "kde")
    browser.evaluate("change({step: 6})")
    assert browser.wait("document.querySelectorAll('#plane circle').length === 12")
    assert browser.wait("new URLSearchParams(location.hash.slice(1)).get('step') === '6'")
    state = said(browser)
    assert (state["condition"], state["networks"], state["estimator"]) == ("main: seed 1", "all", "kde")
    assert browser.evaluate("document.getElementById('parts-chart').hidden")


def test_an_input_is_followed(browser, analysis):
    node = analysis["condition_1"].to_dataset()
    browser.evaluate("change({time: 7})")
    browser.evaluate("document.querySelectorAll('#inputs [role=radio]')[2].click()")
    assert browser.wait(f"document.querySelector('#plates li').textContent.includes('input {int(node.input[2])}')")
    told = {}
    for chosen, place, begins in [
        ("mean", 0, "Network 0, the first"),
        ("all", 0, "Network 0, the first"),
        ("1", 1, "Network 1;"),
        ("2", 2, "Network 2;"),
    ]:
        choose(browser, "network", chosen)
        assert browser.wait(f"document.getElementById('bull-note').textContent.startsWith('{begins}')")
        plates = browser.evaluate("[...document.querySelectorAll('#plates li')].slice(1).map((li) => li.textContent)")
        cells = node.sel(epoch=100).isel(input=2, replicate=place)
        for size, known, plate in zip(cells["cell_size"].values, cells["followed_XT"].values, plates, strict=True):
            assert ("itself alone" if size == 1 else f"{int(size)} inputs") in plate
            assert f"{known:.1f} bits" in plate
        told[chosen] = plates
    assert told["mean"] == told["all"] != told["1"] != told["2"]


def test_every_chart_shows_the_chosen_networks(browser, analysis):
    node = analysis["condition_1"].to_dataset().sel(epoch=20)
    browser.evaluate("change({time: 5, layer: 1, step: 6})")
    lines = "['error', 'loss', 'snr', 'parts-chart'].map((id) => document.querySelectorAll(`#${id} svg > path`).length)"
    marks = "document.querySelectorAll('#chain-rows b').length"
    for chosen, drawn, marked in [("mean", [2, 2, 4, 2], 0), ("2", [2, 2, 4, 2], 0), ("all", [6, 6, 3, 8], 3 * 4 * 2)]:
        choose(browser, "network", chosen)
        assert browser.wait(f"fragment().includes('networks={chosen}') && {marks} === {marked}")
        assert browser.evaluate(lines) == drawn
        loss, about = node["train_loss"], node["I_XT"].sel(estimator="binned", layer=2)
        caption = browser.evaluate("document.getElementById('loss-caption').textContent")
        if chosen == "2":
            assert f"training {float(loss[2]):.3f} nats" in caption
            assert f"T₂, network 2: {float(about[2]):.2f} bits" in browser.evaluate(
                "document.getElementById('parts-caption').textContent"
            )
            assert browser.evaluate("document.querySelector('#chain-rows tr:nth-child(3) td').textContent").startswith(
                f"{float(about[2]):.2f}"
            )
        if chosen == "all":
            assert f"training {float(loss.mean()):.3f} ({float(loss.min()):.3f} to {float(loss.max()):.3f})" in caption


def test_networks_are_gone_through_by_a_key_and_their_choice_is_always_in_sight(browser):
    for key, chosen in [("n", "all"), ("n", "0"), ("n", "1"), ("N", "0")]:
        press(browser, key)
        assert browser.wait(f"document.getElementById('network').value === '{chosen}'")
    for width in (400, 1600):
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        for section in ("plane", "curves", "bull"):
            browser.evaluate(f"document.getElementById('{section}').scrollIntoView({{behavior: 'instant'}})")
            seen = browser.evaluate(
                "(({left, right, top, bottom}) => left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight)"
                "(document.getElementById('network').getBoundingClientRect())"
            )
            assert seen, (width, section)


def test_an_address_opens_the_view_that_it_was_sent_from(browser, address):
    view = "#condition=main%3A+seed+1&networks=2&estimator=kde&layer=3&epoch=20&step=5&input=14&section=bull"
    opened(browser, address + view)
    assert browser.wait(f"{NOW} === 'epoch 20'")
    assert said(browser) == {key: value for key, (value,) in parse_qs(view[1:]).items()}
    assert browser.wait("scrollY > 0")


@pytest.mark.parametrize(
    "nonsense", ["#%", "#epoch=x&layer=99&step=-1&networks=77&condition=none&estimator=no", "#section=<b>"]
)
def test_an_address_that_says_what_is_not_there_opens_what_is(browser, address, nonsense):
    opened(browser, address + nonsense)
    state = said(browser)
    assert state["condition"] == "main: seed 0"
    assert (state["networks"], state["estimator"]) == ("mean", "binned")


def test_a_verdict_opens_its_view(browser):
    links = "[...document.querySelectorAll('[data-claim]')]"
    assert browser.evaluate(f"{links}.map((link) => link.hasAttribute('href'))") == [True, True, False]
    browser.evaluate(f"{links}[0].click()")
    assert browser.wait(f"{NOW} === 'epoch 100'")
    assert (said(browser)["estimator"], said(browser)["step"]) == ("kde", "6")
    browser.evaluate(f"{links}[1].click()")
    assert browser.wait("new URLSearchParams(location.hash.slice(1)).get('section') === 'curves'")
    browser.evaluate("history.back()")
    assert browser.wait("!location.hash.includes('section')")


def test_a_condition_in_which_all_networks_diverged_is_shown_as_one(browser, analysis, tmp_path):
    diverged = analysis.copy(deep=True)
    node = diverged["condition_2"].to_dataset()
    gone = {name: node[name] * float("nan") for name in node.data_vars if "epoch" in node[name].dims}
    diverged["condition_2"] = node.assign(gone)
    path = tmp_path / "diverged.html"
    path.write_text(page(diverged, FINDINGS, PARAMETERS, VERSIONS))
    for step in range(1, 7):
        opened(browser, f"{path.as_uri()}#condition=main%3A+seed+1&networks=all&step={step}")
        assert said(browser)["condition"] == "main: seed 1"
    assert browser.evaluate("document.querySelectorAll('#plane circle').length") == 0
    assert "–" in browser.evaluate("document.getElementById('chain-rows').textContent")


@pytest.mark.parametrize("width", [400, 800, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_suits_every_screen(browser, width, scheme):
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.evaluate("change({step: 6})")
    assert browser.wait("document.querySelectorAll('#plane circle').length === 4")
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    light = browser.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 127")
    assert light == (scheme == "light")
