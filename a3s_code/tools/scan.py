"""What one directory holds for a search: the wanted files, the directories to go on with, the rules."""

from __future__ import annotations

from a3s_code.tools.confined import Folder, is_real_folder
from a3s_code.tools.globs import Glob
from a3s_code.tools.ignore import FILE_NAME, NO_RULES, IgnoreRules, read_rule_lines


def scan(
    folder: Folder, prefix: str, wanted: Glob, rules: IgnoreRules, within: str
) -> tuple[list[str], list[str], IgnoreRules, int]:
    """Names of files, names of directories, the rules in here, and how many entries there are.

    The path of the directory is `prefix` for `wanted`, and `within + prefix` for `rules`; both are
    "" or end in `/`. The names are in no order. Symlinks are left out, like what is ignored or cannot
    match. A directory that cannot be read is empty.
    """
    try:
        entries = folder.scan()
    except OSError:
        return [], [], rules, 0
    matches, may_contain = wanted.test_in(prefix), wanted.may_contain
    names, inner, hidden = [], [], []
    for entry in entries:  # in one loop, since a search of names spends most of its time here
        name = entry.name
        if name[0] == ".":
            hidden.append(name)
        if entry.is_dir(follow_symlinks=False):
            if may_contain(prefix + name) and name != ".git" and is_real_folder(entry):
                inner.append(name)
        elif matches(name) and entry.is_file(follow_symlinks=False):
            names.append(name)
    if ".git" in hidden and prefix:
        rules = NO_RULES  # a repository inside: the rules around it end here
    if FILE_NAME in hidden:
        rules = rules.below(within + prefix, read_rule_lines(folder.path))
    if rules.files:
        path = within + prefix
        names = [name for name in names if not rules.ignores(path + name)]
        inner = [name for name in inner if not rules.ignores(f"{path}{name}/")]
    return names, inner, rules, len(entries)
