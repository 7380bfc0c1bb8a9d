"""Whether two folders of results have the same artifacts with the same digests: `python -m tests.cluster.compare A B`."""

import json
import sys
from pathlib import Path


def contents(results: Path) -> dict[str, object]:
    """The digests of what each artifact holds, by its place."""
    found = results.glob("*/[0-9a-f]*/manifest.json")
    return {str(path.parent.relative_to(results)): json.loads(path.read_text())["content"] for path in found}


def differences(one: Path, other: Path) -> list[str]:
    """A line for each artifact that one of them lacks, or that holds something else."""
    first, second = contents(one), contents(other)
    lines = []
    for place in sorted({*first, *second}):
        if place not in first or place not in second:
            lines.append(f"{place}: only in {one if place in first else other}")
        elif first[place] != second[place]:
            lines.append(f"{place}: not the same content")
    return lines


def main(arguments: list[str]) -> int | str:
    """What the command says; its exit code."""
    if len(arguments) != 2:
        return "usage: python -m tests.cluster.compare RESULTS RESULTS"
    one, other = map(Path, arguments)
    for folder in (one, other):
        if not contents(folder):
            return f"{folder}: has no artifacts; give a folder of results"
    lines = differences(one, other)
    for line in lines:
        print(line)
    both = len({*contents(one)} & {*contents(other)})
    print(f"{both} artifacts in both, {len(lines)} differences")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
