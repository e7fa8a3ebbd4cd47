"""What Doxygen reads in place of a header: the plain comments of hypr.h as documentation of what follows them.

    docs/site/doxygen_input.py include/hypr.h

In hypr.h a comment holds for all declarations between it and the next empty line, one behind a declaration for that alone;
`==== Title` begins a section and `---- Title` a group of it. In hypr.hpp a function without a comment is that of hypr.h which it calls.
"""

import re
import sys
from pathlib import Path

NAME = re.compile(r"\b(hypr_\w+|HYPR_\w+)\b(?!\.h|\()")


def escaped(text):
    """Words as they are: nothing of them is a command of Doxygen or HTML."""
    text = re.sub(r"([\\@%<>&#\"])", lambda m: {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;"}.get(m[1], "\\" + m[1]), text)
    text = re.sub(r"`([^`]+)`", r"<tt>\1</tt>", text)
    return text.replace("--", "\\--").replace("::", "\\::").replace("\\n", "\\\\n")


def described(lines):
    """Paragraphs; lines that are set in become a list: a name, and what is said of it."""
    result, items = [], False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        text = line.strip()
        bullet = text.startswith("- ")
        if indent == 2 or bullet:
            if not bullet:
                name, gap, rest = re.match(r"([^\[\s]+(?: [^\[\s]+)*?(?=\s{2}|$)|\S+)(\s*)(.*)", text).groups()
                text = f"- <tt>{escaped(name)}</tt> {escaped(re.sub(r' {2,}', ' ', rest))}"
            else:
                text = "- " + escaped(text[2:])
            result += ([] if items else [""]) + [text]
            items = True
        elif indent and items:
            result.append("  " + escaped(text))
        else:
            if items:
                result.append("")
            items = False
            # The errors of a call, and what it does, are paragraphs of their own.
            result.append(escaped(text))
    return result


def comment(lines):
    return "/** " + "\n".join(described(lines)) + "\n */"


def words(block):
    """The lines of a comment, without its marks."""
    lines = block.removeprefix("/*").removesuffix("*/").split("\n")
    first, *rest = (line.rstrip() for line in lines)
    rest = [re.sub(r"^\s*\* ?", "", line) for line in rest]
    if rest and not any(line.startswith("  ") for line in rest) or not rest:
        return [first.strip(), *rest]
    return [first.strip(), *rest]


def joined(text):
    """The words of a comment behind a declaration, on one line."""
    return escaped(" ".join(line.strip().lstrip("*").strip() for line in text.split("\n")).strip())


def c_header(text):
    index = text.index("/* ====")
    conventions = re.search(r"^ \* Conventions, (.*?)\n \*/", text, re.S | re.M)[1]
    result = ["/** @defgroup conventions Conventions\n" + "\n".join(described(words("/* Conventions, " + conventions + "*/"))) + "\n*/\n"]
    section, group = "", False
    end = text.rindex("#ifdef __cplusplus")
    for token in re.finditer(r"/\*.*?\*/[ \t]*\n?|\n|[^\n/]+(?:/(?!\*)[^\n/]*)*\n?", text[index:end], re.S):
        piece = token[0]
        if title := re.match(r"/\* =+ (\w+) \*/", piece):
            result.append(("\n/** @} */" if group else "") + f"\n/** @defgroup {title[1].lower()} {title[1]} */\n")
            section, group = title[1].lower(), False
        elif title := re.match(r"/\* ---- (.*?)(?: \(since ([\d.]+)\))?(\.[^\n]*)?(?:\n(.*?))?\s*\*/", piece, re.S):
            name = re.sub(r"\W+", "_", title[1].lower())
            more = described(words("/*\n" + title[4] + "*/")) if title[4] else []
            said = [f"Since version {title[2]}" + escaped(title[3] or ".")] if title[2] else []
            result.append(("/** @} */\n" if group else "") + f"\n/** @defgroup group_{name} {title[1]}\n@ingroup {section}\n\n"
                          + "\n".join([*said, "", *more]) + "\n@{ */\n")
            group = True
        else:
            result.append(piece)
    return "".join(result) + "\n/** @} */\n"


def documented(text):
    """Comments before and behind declarations, in the form of Doxygen."""
    lines = text.split("\n")
    result, shared, index = [], None, 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if line.startswith("/**"):  # a section or group, already done
            while True:
                result.append(line)
                if line.rstrip().endswith("*/"):
                    break
                line = lines[index]
                index += 1
            shared = None
            continue
        if re.match(r"\s*/\*", line):
            block = [line]
            while "*/" not in block[-1]:
                block.append(lines[index])
                index += 1
            shared = words("\n".join(block).strip())
            if line.startswith(" ") and "enum" not in line and len(" ".join(shared)) < 20:
                shared = None  # a heading between constants: "the call"
            continue
        if not line.strip():
            shared = None
            result.append("")
            continue
        # A declaration, to its end, with the comment behind it.
        declaration = line
        while declaration.count("(") > declaration.count(")") and "/*" not in declaration:
            declaration += "\n" + lines[index]
            index += 1
        behind = None
        if "/*" in declaration:
            while "*/" not in declaration:
                declaration += "\n" + lines[index]
                index += 1
            declaration, behind = re.match(r"(.*?)\s*/\*(.*?)\*/\s*$", declaration, re.S).groups()
        is_one = re.match(r"\s*(HYPR_API|typedef|enum|#define HYPR_|struct|HYPR_\w+ = |[\w ]+[ *]\w+(\[\d+\])?(, \w+)*;)", declaration)
        if is_one and (shared or behind):
            said = [joined(behind), ""] if behind else []
            result.append("/** " + "\n".join(said + (described(shared) if shared else [])) + "\n */")
            # Of members that have a comment of their own, the one above all of them stands with the first, if it says something.
            if behind and line.startswith(" "):
                shared = None
        result.append(declaration)
        if declaration.endswith("{"):
            shared = None
    return "\n".join(result)


def linked(text):
    """Names of functions and constants in comments lead to what is said of them."""
    declared = set(NAME.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.S))) | set(re.findall(r"\b(hypr_\w+)\(", text))

    def inside(block):
        return NAME.sub(lambda name: ("#" if name[1] in declared else "") + name[1], block[0])
    return re.sub(r"/\*\*.*?\*/", inside, text, flags=re.S)


def cpp_header(text):
    """A member that has no comment is the function that its body calls."""
    lines, result = text.split("\n"), []
    for index, line in enumerate(lines):
        function = re.match(r"(\s*)(?:static |inline |explicit |template |constexpr )*[\w:<>&*, ]+ [*&]*(\w+)\(.*\{", line)
        if function and not result[-1].strip().startswith("///") and not re.search(r"\b(if|for|while|switch|return)\b \(", line):
            body = "\n".join(lines[index:index + 12]).split("\n" + function[1] + "}")[0]
            called = re.search(r"\b(hypr_\w+)\(", line if line.rstrip().endswith("}") else body)
            if called:
                result.append(f"{function[1]}/// #{called[1]} of hypr.h.")
        result.append(re.sub(r"`([^`]+)`", r"<tt>\1</tt>", line) if line.lstrip().startswith("///") else line)
    return "\n".join(result)


def main():
    path = Path(sys.argv[1])
    text = path.read_text()
    sys.stdout.write(cpp_header(text) if path.suffix == ".hpp" else linked(documented(c_header(text))))


main()
