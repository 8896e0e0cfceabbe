#!/usr/bin/env python3
"""Shows every rule of tidy.py something bad that it must find and something good that it must leave.

A rule without a bad example fails: a check that cannot fail is no check.
"""
import sys

import cpp_text
import tidy

HEADER = "#pragma once\n"
USER = {"base/use.cpp": '#include "base/x.hpp"\n', "base/CMakeLists.txt": "use.cpp x.cpp"}


def header(text: str) -> dict[str, str]:
    return USER | {"base/x.hpp": HEADER + text}


def source(text: str, path: str = "base/x.cpp") -> dict[str, str]:
    room = path.split("/")[0]
    return {path: text, f"{room}/CMakeLists.txt": path.removeprefix(room + "/")}


def long_function(lines: int) -> str:
    return "void longest(int x)\n    : a_{x}, b_{x} {\n" + "  f();\n" * (lines - 2) + "}\n"


# rule -> (bad trees, good trees). Built from pieces where the text would else break the rule here.
TODO = "TO" + "DO"
EXAMPLES = {
    "include-room": (
        [source('#include "net/x.hpp"\n'), source('#include "net/x.hpp"\n', "persistence/x.cpp"),
         source('#include "app/x.hpp"\n', "actors/x.cpp"),
         header("") | {"base/use.cpp": '#include "x.hpp"\n#include "base/x.hpp"\n'}],
        [source('#include "base/x.hpp"\n#include "net/y.hpp"\n', "cluster/x.cpp"),
         source('// #include "net/x.hpp" would be wrong\n')]),
    "include-third-party": (
        [source("#include <lmdb.h>\n", "net/x.cpp"), source("#include <caf/fwd.hpp>\n", "cluster/log/x.cpp"),
         source("#include <boost/asio/post.hpp>\n", "actors/model/x.cpp"),
         source("#include <raft.h>\n", "cluster/log/x.cpp"), source("#include <spdlog/spdlog.h>\n"),
         source("#include <unheard/of.hpp>\n"), source("#include <boost/json.hpp>\n", "cluster/x.cpp")],
        [source("#include <lmdb.h>\n#include <unistd.h>\n#include <sys/stat.h>\n", "persistence/x.cpp"),
         source("#include <caf/fwd.hpp>\n", "cluster/transport/x.cpp"),
         source("#include <spdlog/spdlog.h>\n", "base/log.cpp"),
         source("#include <boost/asio/post.hpp>\n", "actors/bridge/x.cpp")]),
    "link-table": (
        [{"net/CMakeLists.txt": "troupe_library(n LINK LMDB::lmdb)"}, {"base/CMakeLists.txt": "LINK CAF::core"}],
        [{"persistence/CMakeLists.txt": "LINK LMDB::lmdb # not CAF::core"}]),
    "heavy-header": (
        [USER | {"base/use.cpp": '#include "actors/x.hpp"\n', "actors/x.hpp": HEADER + "#include <caf/all.hpp>\n"}],
        [source("#include <caf/all.hpp>\n", "actors/x.cpp")]),
    "own-header-first": (
        [header("") | {"base/x.cpp": '#include <vector>\n#include "base/x.hpp"\n'}],
        [header("") | {"base/x.cpp": '#include "base/x.hpp"\n\n#include <vector>\n'}]),
    "pragma-once": ([USER | {"base/x.hpp": "int f();\n"}],
                    [header("int f();\n"), USER | {"base/use.cpp": '#include "base/x.h"\n',
                                                   "base/x.h": "#ifndef X_H\n#define X_H\n#endif\n"}]),
    "conditional-co-await": (
        [source("auto x = ready ? co_await a() : b;\n"), source("auto x = ready ? a\n    : co_await b();\n")],
        [source("if (ready)\n  co_await a();\nfor (auto x : y)\n  co_await x;\n"),
         source("// no ? co_await here\nauto s = \"? co_await\";\n")]),
    "using-namespace": ([header("using namespace std;\n")],
                        [source("using namespace std::literals;\n"), header("using std::size;\n")]),
    "sleep": (
        [source("std::this_thread::sleep_for(1s);\n", "tests/unit/x.cpp"), source("usleep(3);\n"), source("sleep(1);\n"),
         {"tests/x.py": "import time\ntime" + ".sleep(1)\n"}],
        [source("put_to.sleep(1); bool asleep();\n"),
         source("// tidy-allow(sleep): the kernel offers no event for this\nusleep(3);\n")]),
    "raw-new": (
        [source("auto* x = new thing();\n"), source("delete x;\n"), source("\n\nf(new thing);\n")],
        [source("x(const x&) = delete;\n// The handle owns it.\nauto* y = new thing();\n"),
         source("\n\nreturn std::shared_ptr<x>{new x{1}};\nstd::unique_ptr<y> made{new y};\n"),
         source('auto s = "a new thing";\nauto renew = 1;\n')]),
    "nolint-reason": (
        [source("f(); // NOLINT\n"), source("f(); // NOLINT(bugprone-x)\n"), source("// NOLINTNEXTLINE(a-b): no\nf();\n")],
        [source("f(); // NOLINT(bugprone-x): the C interface wants it so\n")]),
    "todo-issue": (
        [source(f"// {TODO}: later\n"), source("// FIX" + "ME\n"), source(f"// {TODO}(me): later\n")],
        [source(f"// {TODO}(#12): shorten\n")]),
    "dead-source": (
        [{"base/x.cpp": "", "base/CMakeLists.txt": "ax.cpp x.cpp.in"}, {"tests/unit/base/x.cpp": ""}],
        [{"net/http/x.cpp": "", "net/CMakeLists.txt": "SOURCES http/x.cpp"},
         {"net/http/x.cpp": "", "net/http/CMakeLists.txt": "x.cpp"},
         {"tests/support/x.cpp": "", "tests/unit/CMakeLists.txt": '"${CMAKE_SOURCE_DIR}/tests/support/x.cpp"'},
         {"tests/support/x.cpp": "",
          "tests/unit/CMakeLists.txt": 'set(s "${CMAKE_SOURCE_DIR}/tests/support")\n${s}/x.cpp'}]),
    "dead-header": ([{"base/x.hpp": HEADER}], [header("")]),
    "function-length": (
        [source(long_function(81)),
         source("TEST_CASE(\"x\") {\n" + "  if (a) {\n    b();\n  }\n" * 30 + "}\n", "tests/unit/x.cpp")],
        [source(long_function(80)), source("MACRO(x)\nMACRO(y)\n\nnamespace a {\n" + "int x;\n" * 200 + "}\n"),
         source("const int table[] = {\n" + "  1,\n" * 200 + "};\n"),
         source("class big : public f<int (*)()> {\n" + "  int x;\n" * 200 + "};\n")]),
}


def main() -> int:
    wrong = [f"{name}: no example" for name in tidy.RULES if not EXAMPLES.get(name, ([], []))[0]]
    wrong += [f"{name}: no such rule" for name in EXAMPLES if name not in tidy.RULES]
    checks = 0
    for name, (bad, good) in EXAMPLES.items():
        for tree in bad:
            checks += 1
            if name not in {finding.rule for finding in tidy.check(tree)}:
                wrong.append(f"{name}: missed {tree}")
        for tree in good:
            checks += 1
            wrong += [f"{name}: wrongly found {finding}" for finding in tidy.check(tree) if finding.rule == name]
    sample = 'f("// no", \'"\'); // yes\nauto r = R"(" // no)"; /* yes\n yes */ g(1\'000);\n'
    if list(cpp_text.comments(sample)) != [1, 2, 3] or "no" in cpp_text.code_only(sample):
        wrong.append("cpp_text: comments and literals are mixed up")
    for line in wrong:
        print(line)
    print(f"self-test: {checks} examples, {len(tidy.RULES)} rules, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
