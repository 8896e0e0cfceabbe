"""Just enough of C++'s lexical rules to look at code without its comments and literals."""
import re

# In this order: whatever starts first wins, so a quote inside a comment is no string and vice versa.
LEXEME = re.compile(
    r'(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)'
    r'|(?P<raw>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')",
    re.DOTALL)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def code_only(text: str) -> str:
    """`text` with comments and literals blanked out; every other character keeps its place."""
    def replace(match: re.Match) -> str:
        whole = match.group(0)
        if match.group("comment"):
            return _blank(whole)
        return whole[0] + _blank(whole[1:-1]) + whole[-1]
    # Includes name files in quotes, and they are wanted as they are.
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#include"):
            lines[number] = ""
    return LEXEME.sub(replace, "\n".join(lines))


def comments(text: str) -> dict[int, str]:
    """Line number (from 1) -> what the comments on that line say."""
    found: dict[int, str] = {}
    for match in LEXEME.finditer(text):
        if not match.group("comment"):
            continue
        first = text.count("\n", 0, match.start()) + 1
        for offset, line in enumerate(match.group(0).split("\n")):
            found[first + offset] = found.get(first + offset, "") + line
    return found


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def includes(text: str) -> list[tuple[int, str, bool]]:
    """(line, path, whether it is in quotes) of every #include."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if match:
            found.append((number, match.group(1) or match.group(2), match.group(1) is not None))
    return found


CONTROL = re.compile(
    r"^(?:\}\s*)?(?:if|for|while|switch|catch|do|else|try|namespace|inline namespace|class|struct|enum|"
    r"union|extern)\b|^template\s*<[^{]*>\s*(?:class|struct|union)\b")


def functions(text: str) -> list[tuple[int, int, str]]:
    """(first line, lines, head) of every function and lambda body in clang-formatted code.

    Only a brace that ends its line opens a body of more than one line in our format, and only a line
    end after `;`, `{` or `}` ends what stands before it: initialisers like `a_{x}` do not.
    """
    code = code_only(text)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: _blank(m.group(0)), code, flags=re.MULTILINE)
    # A macro that stands alone declares something without a semicolon.
    code = re.sub(r"^[A-Z][A-Z0-9_]*\([^\n{]*\)[ \t]*$", lambda m: _blank(m.group(0)), code, flags=re.MULTILINE)
    found, stack = [], []
    for match in re.finditer(r"[{}]", code):
        position = match.start()
        if match.group(0) == "{":
            head = None
            if re.match(r"[ \t]*(?:\n|$)", code[position + 1:position + 200]):
                before = code[:position]
                ends = [m.end() for m in re.finditer(r"[;{}:](?=[ \t]*\n)", before[-4000:])]
                head = " ".join(before[-4000:][ends[-1] if ends else 0:].split())
            stack.append((position, head))
        elif stack:
            start, head = stack.pop()
            if head and "(" in head and not CONTROL.match(head):
                first = line_of(code, start)
                found.append((first, line_of(code, position) - first + 1, head))
    return found
