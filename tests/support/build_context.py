"""Which files of a checkout a builder of images is sent, by the rules of `.dockerignore`."""

import re
from pathlib import PurePosixPath


def is_sent(path: str, rules: str) -> bool:
    """Say whether a file is sent: the last line that fits it or a folder around it decides; `!` means that it is.

    As Docker documents it: lines are matched from the root of the context, `*` stays within a name, `**` does not.
    """
    sent = True
    inside = PurePosixPath(path)
    names = [str(inside), *(str(parent) for parent in inside.parents if parent.name)]
    for line in (line.strip() for line in rules.splitlines()):
        if not line or line.startswith("#"):
            continue
        pattern = _pattern(line.removeprefix("!").strip("/"))
        if any(pattern.fullmatch(name) for name in names):
            sent = line.startswith("!")
    return sent


def _pattern(line: str) -> "re.Pattern[str]":
    spelled = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", line)
    return re.compile("".join(spelled.get(part, re.escape(part)) for part in parts))
