"""What a screen reader is given: names, values and states in Chromium's accessibility tree, and what is announced."""

import pytest
from tests.workflow.browser import PROGRAM

from .test_browser import choose, press

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium or Chrome")
CONTROLS = {"button", "link", "combobox", "slider", "radio", "image", "radiogroup", "region", "form", "table"}
LIVE = "document.getElementById('live').textContent"


def tree(browser):
    """Role, name, value, description and properties of every node that is not ignored."""
    browser.call("Accessibility.enable")
    nodes = [node for node in browser.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    return [
        {
            **{key: node.get(key, {}).get("value", "") for key in ("role", "name", "value", "description")},
            **{each["name"]: each["value"].get("value") for each in node.get("properties", [])},
        }
        for node in nodes
    ]


def of(nodes, role):
    return [node for node in nodes if node["role"] == role]


@pytest.mark.parametrize("step", [1, 6])
def test_every_control_and_picture_has_a_name_and_choices_their_state(browser, step):
    browser.evaluate(f"change({{step: {step}, time: 5, layer: 1}})")
    assert browser.wait("document.getElementById('epoch').textContent === 'epoch 20'")
    nodes = tree(browser)
    controls = [node for node in nodes if node["role"] in CONTROLS]
    assert len({node["role"] for node in controls}) == len(CONTROLS)
    assert [node for node in controls if not node["name"].strip()] == []
    buttons = [node["name"] for node in of(nodes, "button")]
    assert len(set(buttons)) == len(buttons)
    (slider,) = of(nodes, "slider")
    assert (slider["name"], slider["valuetext"]) == ("Epoch", "epoch 20")
    assert {node["name"]: node["value"] for node in of(nodes, "combobox")} == {
        "Condition": "main: seed 0",
        "Estimator": "binned",
        "Networks": "mean of 3 networks",
    }
    checked = [node["name"] for node in of(nodes, "radio") if node["checked"] == "true"]
    assert len(checked) == 2
    assert checked[0] == "layer 2"
    claim = next(node for node in of(nodes, "link") if node["name"].startswith("Drift"))
    assert claim["description"] == "undecided"
    assert next(node["level"] for node in of(nodes, "heading")) == 1


def test_what_a_choice_changes_is_announced_once(browser):
    assert browser.wait(f"{LIVE} !== ''")
    browser.evaluate(
        "window.heard = [], new MutationObserver(() => heard.push(live.textContent)).observe(live, {childList: true})"
    )
    for key, begins in [("n", "all 3 networks, in the mean"), ("n", "network 0"), ("N", "all 3 networks, in the mean")]:
        press(browser, key)
        assert browser.wait(f"{LIVE}.includes(', {begins}, epoch 0: ')")
    choose(browser, "estimator", "kde")
    assert browser.wait("heard.length === 4")
    browser.evaluate("draw(), setTimeout(() => (window.waited = true), 1000)")
    assert browser.wait("window.waited")
    browser.evaluate("change({time: 7})")
    assert browser.wait(f"{LIVE}.includes('epoch 100: ')")
    assert browser.evaluate("heard.length") == 5
    browser.evaluate("change({time: 0}), document.getElementById('play').click()")
    assert browser.evaluate(LIVE) == "Playing."


def test_controls_are_not_made_anew_by_what_does_not_concern_them(browser):
    """A screen reader reads out what is made anew, and may take the focus there."""
    browser.evaluate(
        "window.kept = [...document.querySelectorAll('option, [role=radio]')], change({time: 5, layer: 2, network: 1})"
    )
    assert browser.wait("document.getElementById('epoch').textContent === 'epoch 20'")
    assert browser.evaluate("kept.length > 10 && kept.every((each) => each.isConnected)")
    browser.evaluate("change({condition: 1})")
    assert browser.wait("fragment().includes('seed+1')")
    assert browser.evaluate("document.querySelectorAll('#network option').length") == 5


def test_the_choice_of_networks_can_be_skipped_to(browser):
    browser.evaluate("document.getElementById('skip').click()")
    assert browser.evaluate("document.activeElement.id") == "network"
