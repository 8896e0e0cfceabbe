#!/usr/bin/env python3
"""Checks the source tree against the rules that a compiler does not know.

usage: tidy.py ROOT

Every rule is a generator over the whole tree (path -> text) that yields findings. A finding can be
allowed where it stands: a comment on its line or the line above says `tidy-allow(rule): reason`.
tests/tidy/self_test.py shows each rule something bad, so that a rule that cannot fail is noticed.
"""
import os
import re
import sys
from typing import Iterator, NamedTuple

import cpp_text
from include_table import LINKS, ROOMS, SYSTEM_HEADERS, SYSTEM_PREFIXES, THIRD_PARTY

FUNCTION_LINES_MAX = 80
REASON_CHARS_MIN = 10
IGNORED_FOLDERS = {".git", "build", "node_modules", "__pycache__", ".cache"}
CHECKED_SUFFIXES = (".hpp", ".cpp", ".h", ".c", ".py", ".mjs", ".sh", "CMakeLists.txt")


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    text: str


Tree = dict[str, str]
RULES = {}


def rule(name: str):
    def register(check):
        RULES[name] = check
        return check
    return register


def is_cpp(path: str) -> bool:
    return path.endswith((".hpp", ".cpp", ".h", ".c"))


def is_header(path: str) -> bool:
    return path.endswith((".hpp", ".h"))


def room_of(path: str) -> str:
    return path.split("/", 1)[0]


def cpp_files(tree: Tree) -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in tree.items() if is_cpp(path) and room_of(path) in ROOMS)


def code_matches(tree: Tree, name: str, pattern: str, message: str, wanted) -> Iterator[Finding]:
    """Findings for every place where `pattern` matches code (not comments, not literals)."""
    expression = re.compile(pattern)
    for path, text in cpp_files(tree):
        if not wanted(path):
            continue
        code = cpp_text.code_only(text)
        for match in expression.finditer(code):
            yield Finding(path, cpp_text.line_of(code, match.start()), name, message)


@rule("include-room")
def include_room(tree: Tree):
    for path, text in cpp_files(tree):
        allowed = ROOMS[room_of(path)] | {room_of(path)}
        for line, target, quoted in cpp_text.includes(text):
            room = target.split("/", 1)[0]
            if quoted and room in ROOMS and room not in allowed:
                yield Finding(path, line, "include-room", f"{room_of(path)}/ may not look into {room}/")
            if quoted and "/" not in target and f"{os.path.dirname(path)}/{target}" in tree:
                yield Finding(path, line, "include-room", "paths start at the root of the repository")


@rule("include-third-party")
def include_third_party(tree: Tree):
    for path, text in cpp_files(tree):
        if room_of(path) == "tests":
            continue
        for line, target, quoted in cpp_text.includes(text):
            third_party = "/" in target or target.endswith((".h", ".hpp"))
            if quoted or not third_party or target in SYSTEM_HEADERS or target.startswith(SYSTEM_PREFIXES):
                continue
            prefixes = [prefix for prefix in THIRD_PARTY if target.startswith(prefix)]
            if not prefixes:
                yield Finding(path, line, "include-third-party",
                              f"<{target}> is in no row of tests/tidy/include_table.py")
                continue
            folders = THIRD_PARTY[max(prefixes, key=len)]
            if not any(path.startswith(folder) for folder in folders):
                yield Finding(path, line, "include-third-party",
                              f"<{target}> belongs to {', '.join(folders) or 'tests'} alone")


@rule("link-table")
def link_table(tree: Tree):
    for path, text in tree.items():
        if not path.endswith("CMakeLists.txt") or room_of(path) not in ROOMS or room_of(path) == "tests":
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for item, rooms in LINKS.items():
                if re.search(rf"\b{re.escape(item)}", line.split("#")[0]) and room_of(path) not in rooms:
                    yield Finding(path, number, "link-table", f"{room_of(path)} may not link {item}")


@rule("heavy-header")
def heavy_header(tree: Tree):
    for path, text in cpp_files(tree):
        for line, target, _ in cpp_text.includes(text):
            if is_header(path) and target in ("caf/all.hpp", "boost/beast.hpp", "boost/asio.hpp"):
                yield Finding(path, line, "heavy-header", f"<{target}> costs seconds: include what is used")


@rule("own-header-first")
def own_header_first(tree: Tree):
    for path, text in cpp_files(tree):
        own = path.removesuffix(".cpp") + ".hpp"
        found = cpp_text.includes(text)
        if path.endswith(".cpp") and own in tree and found and found[0][1] != own:
            yield Finding(path, found[0][0], "own-header-first", f'"{own}" comes first: so it is seen to compile alone')


@rule("pragma-once")
def pragma_once(tree: Tree):
    for path, text in cpp_files(tree):
        # A header that C reads too may have a guard instead.
        guarded = path.endswith(".h") and re.search(r"^#ifndef (\w+)\n#define \1$", text, re.MULTILINE)
        if is_header(path) and not guarded and "#pragma once" not in text:
            yield Finding(path, 1, "pragma-once", "a header starts with #pragma once")


@rule("conditional-co-await")
def conditional_co_await(tree: Tree):
    return code_matches(tree, "conditional-co-await", r"\?(?=[^;{}]*\bco_await\b)",
                        "g++ 12 miscompiles co_await inside ?:, use if", lambda path: True)


@rule("using-namespace")
def using_namespace(tree: Tree):
    return code_matches(tree, "using-namespace", r"\busing\s+namespace\b",
                        "never in a header: every includer gets it", is_header)


@rule("sleep")
def sleep(tree: Tree):
    yield from code_matches(
        tree, "sleep", r"\b(?:sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep)\b|(?<![\w.>])sleep\s*\(",
        "wait for the condition with a deadline", lambda path: path != "base/poll.cpp")
    for path, text in tree.items():
        for number, line in enumerate(text.split("\n"), 1):
            if path.startswith("tests/") and path.endswith(".py") and re.search(r"\btime\.sleep\(", line):
                yield Finding(path, number, "sleep", "wait for the condition with a deadline")


@rule("raw-new")
def raw_new(tree: Tree):
    found = code_matches(tree, "raw-new", r"(?<!operator )\b(?:new|delete)\b(?!\s*;)(?!\s*\.)",
                         "say in a comment beside it who owns it, or use make_unique",
                         lambda path: path.endswith((".hpp", ".cpp")))
    for finding in found:
        lines = tree[finding.path].split("\n")
        code = cpp_text.code_only(lines[finding.line - 1])
        if re.search(r"=\s*delete\b|operator\s+(?:new|delete)", code):
            continue
        # A private constructor: the owner stands right before it.
        if re.search(r"_ptr<[^;]*>[ \w]*[({]new\b|\.reset\(new\b", code):
            continue
        remarks = cpp_text.comments(tree[finding.path])
        if finding.line not in remarks and finding.line - 1 not in remarks:
            yield finding


@rule("nolint-reason")
def nolint_reason(tree: Tree):
    wanted = re.compile(r"NOLINT(?:NEXTLINE|BEGIN)?\([\w\-.,* ]+\):?\s+\S.{%d,}" % (REASON_CHARS_MIN - 1))
    for path, text in cpp_files(tree):
        for line, remark in cpp_text.comments(text).items():
            if "NOLINT" in remark and "NOLINTEND" not in remark and not wanted.search(remark):
                yield Finding(path, line, "nolint-reason", "a NOLINT names its check and its reason")


@rule("todo-issue")
def todo_issue(tree: Tree):
    for path, text in cpp_files(tree):
        for line, remark in cpp_text.comments(text).items():
            if re.search(r"\b(?:FIXME|XXX|HACK)\b", remark):
                yield Finding(path, line, "todo-issue", "write TODO(#issue): what, or mend it")
            elif re.search(r"\bTODO\b(?!\(#\d+\):)", remark):
                yield Finding(path, line, "todo-issue", "a TODO names its issue: TODO(#123): what")


def listed_sources(tree: Tree) -> set[str]:
    """Every source that some CMakeLists.txt names, as a path from the root."""
    found = set()
    for path, text in tree.items():
        if not path.endswith("CMakeLists.txt"):
            continue
        text = re.sub(r"#[^\n]*", "", text)
        for name, value in re.findall(r'\bset\((\w+)\s+"?([^\s")]+)"?\)', text):
            text = text.replace("${%s}" % name, value)
        text = text.replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
        for root, name in re.findall(r"(\$\{CMAKE_SOURCE_DIR\}/)?([\w./-]+\.(?:cpp|c))(?![\w.])", text):
            folder = "" if root else os.path.dirname(path)
            found.add(os.path.normpath(os.path.join(folder, name)))
    return found


@rule("dead-source")
def dead_source(tree: Tree):
    listed = listed_sources(tree)
    for path in tree:
        if path.endswith((".cpp", ".c")) and room_of(path) in ROOMS and path not in listed:
            yield Finding(path, 1, "dead-source", "no CMakeLists.txt lists it")


@rule("dead-header")
def dead_header(tree: Tree):
    included = {target for _, text in cpp_files(tree) for _, target, _ in cpp_text.includes(text)}
    for path, _ in cpp_files(tree):
        if is_header(path) and path not in included:
            yield Finding(path, 1, "dead-header", "nobody includes it")


@rule("function-length")
def function_length(tree: Tree):
    for path, text in cpp_files(tree):
        for line, length, head in cpp_text.functions(text):
            if length > FUNCTION_LINES_MAX:
                yield Finding(path, line, "function-length",
                              f"{length} lines, at most {FUNCTION_LINES_MAX}: {head[:60]}")


def allowed(tree: Tree, finding: Finding) -> bool:
    lines = tree[finding.path].split("\n")
    near = "\n".join(lines[max(0, finding.line - 2):finding.line])
    marker = rf"tidy-allow\({re.escape(finding.rule)}\): \S.{{{REASON_CHARS_MIN - 1},}}"
    return bool(re.search(marker, near))


def check(tree: Tree) -> list[Finding]:
    found = [finding for checker in RULES.values() for finding in checker(tree)]
    return sorted(finding for finding in found if not allowed(tree, finding))


def read_tree(root: str) -> Tree:
    tree = {}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - IGNORED_FOLDERS)
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(CHECKED_SUFFIXES) and not os.path.islink(path):
                with open(path, encoding="utf-8") as stream:
                    tree[os.path.relpath(path, root)] = stream.read()
    return tree


def main() -> int:
    tree = read_tree(sys.argv[1])
    if not any(is_cpp(path) for path in tree):
        print(f"tidy: no sources below {sys.argv[1]}", file=sys.stderr)
        return 1
    findings = check(tree)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.rule}: {finding.text}")
    print(f"tidy: {len(tree)} files, {len(RULES)} rules, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
