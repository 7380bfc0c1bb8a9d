"""Files made from the config's models, so that they cannot fall behind: the JSON schema and the table of keys."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from infoplane import artifacts, code
from infoplane.claims import CLAIMS
from infoplane.condition import Condition
from infoplane.config import Config, Experiment
from infoplane.datasets import DATASETS
from infoplane.explorer.settings import Explorer
from infoplane.figures import FIGURES
from infoplane.measures import ESTIMATORS
from infoplane.section import Registry, Section

HEAD = """# The config, key by key

Made by `infoplane reference` from the models in `src/infoplane`; change a key there, not here.

A run (`snakemake --cores all`, or `infoplane run` in a study) reads `config/config.yaml`. `--configfile FILE` merges
FILE over it, `--config` single keys over both:

```
snakemake --cores all --configfile config/paper.yaml
snakemake --cores all --config estimators__binned__bins=50
snakemake --cores all --config 'estimators={binned: {bins: 50}}'
```

Snakemake takes no dot in a key, so `__` stands for it there; `infoplane plan --config estimators.binned.bins=50` takes
both.

What is merged adds and replaces. To leave out a dataset, an experiment, an estimator, a figure or a claim of the file
below, or all of them, set it to `null`; one that is there with all its defaults is `{}`:

```yaml
estimators: { kde: null }
figures: { estimator_comparison: { compare: [binned, adaptive] } }
claims: null
```

What still asks for something that was left out is an error, as is whatever a key does not list as allowed: one line
with the key's path, before any job starts.
"""


def write() -> list[Path]:
    """Bring the files of the clone up to date; where they are.

    Raises:
        ValueError: this is an installed package, whose files are not ours to change.
    """
    home = code.home()
    if not (home / "pyproject.toml").is_file():
        raise ValueError(f"only in a clone of infoplane; the keys of this one are in {home / 'config/README.md'}")
    for path, text in files().items():
        artifacts.write_text(home / path, text)
    return [home / path for path in files()]


def files() -> dict[Path, str]:
    """The files and their text, as committed; tests/test_reference.py compares."""
    return {
        Path("config/schema.json"): json.dumps(_schema(), indent=1) + "\n",
        Path("config/README.md"): _keys(),
    }


def _schema() -> dict[str, Any]:
    schema = _standard(Config.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _standard(schema: Any) -> Any:
    """Bounds under JSON schema's names: pydantic keeps its own for numbers with a validator before them."""
    if isinstance(schema, list):
        return [_standard(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
    return {
        names.get(key, key) if isinstance(value, int | float) else key: _standard(value)
        for key, value in schema.items()
    }


def _keys() -> str:
    parts = [
        HEAD,
        "## `defaults`: one condition\n\nAny of these can be set or varied by an experiment.\n",
        *_table(Condition),
        "\n## `experiments`: named sets of conditions\n",
        *_table(Experiment),
    ]
    sections: Mapping[str, Registry[Section]] = {
        "datasets": DATASETS,
        "estimators": ESTIMATORS,
        "figures": FIGURES,
        "claims": CLAIMS,
    }
    for name, registry in sections.items():
        parts.append(
            f"\n## `{name}`: {Config.model_fields[name].description}\n\n`kind` is the name if it is left out.\n"
        )
        for kind, model in registry.items():
            parts.append(f"\n### `kind: {kind}`\n\n{_summary(model)}\n")
            parts += _table(model)
    parts += [f"\n## `explorer`: {Config.model_fields['explorer'].description}\n", *_table(Explorer)]
    others = Config.model_fields.keys() - {"defaults", "experiments", "explorer", *sections}
    parts += ["\n## Keys of their own\n", *_table(Config, others)]
    return "\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", "\n")


def _table(model: type[BaseModel], keys: Collection[str] | None = None) -> Iterator[str]:
    """A row for each key, or for some of them; not for `kind`, which is the heading."""
    schema = _standard(model.model_json_schema())
    rows = {key: info for key, info in schema["properties"].items() if key != "kind" and (keys is None or key in keys)}
    if not rows:
        return
    yield "| key | meaning | default | allowed |\n|---|---|---|---|"
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key in rows:
            default = field.get_default(call_default_factory=True)
            shown = "(needed)" if default is PydanticUndefined else f"`{json.dumps(default, default=str)}`"
            description = (field.description or "").replace("|", "\\|")
            yield f"| `{key}` | {description} | {shown} | {_allowed(rows[key])} |"


def _allowed(info: Mapping[str, Any]) -> str:
    """What a JSON schema of one key allows, in words."""
    if "anyOf" in info:
        return " or ".join(_allowed(option) for option in info["anyOf"])
    if "enum" in info:
        return ", ".join(f"`{value}`" for value in info["enum"])
    if "const" in info:
        return f"`{info['const']}`"
    words = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "array": "list",
        "object": "mapping",
    }
    kind = str(info.get("type"))
    text = {"boolean": "`true`, `false`", "null": "`null`"}.get(kind, words.get(kind, "any"))
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {info[key]:g}" for key, sign in limits.items() if key in info]
    if info.get("type") == "array" and "items" in info:
        text += f" of {_allowed(info['items'])}"
    return " ".join([text, ", ".join(bounds)]).strip()
