#!/usr/bin/env python3
"""Makes the table of values in the chart's README.md from the comments of values.yaml; --write replaces it there."""
import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).parents[3]
CHART = ROOT / "conf/helm/ociregistry"
BEGIN, END = "<!-- begin: written by src/test/chart/values_table.py -->\n", "<!-- end -->\n"


def rows(text):
    """Yields (path, default, comment) of each key with a comment. Keys below such a key are part of its default."""
    values, path, comment, covered = yaml.safe_load(text), [], [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.strip().startswith("#"):
            comment.append(line.strip().lstrip("# "))
            continue
        key = re.match(r" *([A-Za-z]\w*):", line)
        if not key:
            comment = []
            continue
        path = path[: indent // 2] + [key[1]]
        if covered and path[: len(covered)] == covered:
            comment = []
            continue
        value = values
        for name in path:
            value = value[name]
        if comment:
            covered = list(path)
            yield ".".join(path), value, " ".join(comment)
        elif not isinstance(value, dict):
            raise ValueError(f"values.yaml: {'.'.join(path)} has no comment")
        comment = []


def table():
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for path, value, comment in rows((CHART / "values.yaml").read_text()):
        lines.append(f"| `{path}` | `{json.dumps(value)}` | {comment} |")
    return "\n".join(lines) + "\n"


def readme():
    text = (CHART / "README.md").read_text()
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        (CHART / "README.md").write_text(readme())
    else:
        print(table(), end="")
