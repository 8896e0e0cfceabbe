#!/usr/bin/env python3
"""Prints the CTest names defined below the given folders, joined by '|'.

usage: list_tests.py BUILD_DIR FOLDER...
"""
import json
import os
import re
import subprocess
import sys


def main() -> None:
    build, folders = sys.argv[1], sys.argv[2:]
    listing = subprocess.run(
        ["ctest", "--test-dir", build, "--show-only=json-v1"],
        check=True, capture_output=True, text=True)
    model = json.loads(listing.stdout)
    nodes, files = model["backtraceGraph"]["nodes"], model["backtraceGraph"]["files"]
    roots = tuple(os.path.realpath(folder) + os.sep for folder in folders)
    names = []
    for test in model["tests"]:
        node = nodes[test["backtrace"]]
        # add_test may stand in a function elsewhere: the outermost frame with one of our folders counts.
        while node is not None:
            if os.path.realpath(files[node["file"]]).startswith(roots):
                names.append(re.escape(test["name"]))
                break
            node = nodes[node["parent"]] if "parent" in node else None
    print("|".join(names))


if __name__ == "__main__":
    main()
