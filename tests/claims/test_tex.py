"""Statistics as LaTeX macros: every one of them, by the claim's name, safe as text."""

import re

from infoplane.claims.tex import macros


def test_every_statistic_and_verdict_is_a_macro(check, world):
    found = check("data_processing", [world.run()])
    found["statement"] = "100 % of #1_x & {y}"
    text = macros([found], "0123456789ab")
    assert r"\newcommand{\infoplaneVersion}{0123456789ab}" in text
    assert re.findall(r"^\\@namedef\{infoplane@(\w+)@(\w+)\}", text, re.MULTILINE) == [
        ("data_processing", key) for key in ("verdict", "1", "2")
    ]
    assert r"100 \% of \#1\_x \& \{y\}" in text
    assert text.isascii()
