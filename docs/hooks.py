"""What the site needs beside its pages: a folder for the tutorial, and links that leave docs/."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "build/tutorial"
# Files outside docs/ that are pages of the site.
PAGES = {
    "config/README.md": "reference/config.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")


def on_pre_build(config, **_):
    """An empty folder to run the tutorial in."""
    shutil.rmtree(STUDY, ignore_errors=True)
    STUDY.mkdir(parents=True)


def on_page_markdown(markdown, page, **_):
    """In a clone a link to the code leads there; on the site, which has no code, it is the file's name."""
    here = ROOT / "docs" / Path(page.file.src_uri).parent

    def elsewhere(link: re.Match) -> str:
        text, target, anchor = link[1], (here / link[2]).resolve(), link[3] or ""
        if not target.exists():
            raise PluginError(f"{page.file.src_uri}: {link[2]}: there is no such file")
        if target.is_relative_to(ROOT / "docs"):
            return link[0]
        name = target.relative_to(ROOT).as_posix()
        if name in PAGES:
            return f"[{text}]({'../' * page.file.src_uri.count('/')}{PAGES[name]}{anchor})"
        return f"{text} (`{name}`)" if name not in text else text

    return LINK.sub(elsewhere, markdown)
