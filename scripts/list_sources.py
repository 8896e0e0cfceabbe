#!/usr/bin/env python3
"""Prints the product's C++ sources that a build knows, one a line.

usage: list_sources.py BUILD_DIR all|changed

"changed" means: different from the commit where this branch left origin/main (or main), or not yet
committed. A changed header stands for all sources of its folder.
"""
import json
import os
import subprocess
import sys

ROOMS = ("base/", "config/", "persistence/", "net/", "cluster/", "actors/", "app/")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout


def changed_paths() -> set[str]:
    for main in ("origin/main", "main"):
        base = git("merge-base", "HEAD", main).strip()
        if base:
            break
    changed = set(git("diff", "--name-only", base or "HEAD").split("\n"))
    changed |= set(git("ls-files", "-o", "--exclude-standard").split("\n"))
    return changed - {""}


def main() -> None:
    build, scope = sys.argv[1], sys.argv[2]
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as stream:
        commands = json.load(stream)
    sources = sorted({os.path.relpath(entry["file"]) for entry in commands})
    sources = [path for path in sources if path.startswith(ROOMS) and path.endswith(".cpp")]
    if scope == "changed":
        changed = changed_paths()
        folders = {os.path.dirname(path) for path in changed if path.endswith((".hpp", ".h"))}
        sources = [path for path in sources if path in changed or os.path.dirname(path) in folders]
    for path in sources:
        print(path)


if __name__ == "__main__":
    main()
