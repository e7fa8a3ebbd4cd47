"""What Doxygen reads in place of a header: the plain comments of hypr.h as documentation of what follows them.

    docs/site/doxygen_input.py include/hypr.h

In hypr.h a comment holds for all declarations between it and the next empty line, one behind a declaration for that alone;
`==== Title` begins a section and `---- Title` a group of it. In hypr.hpp a function is that of hypr.h which it calls.
"""

import re
import sys
from pathlib import Path

NAME = re.compile(r"\b(hypr_\w+|HYPR_\w+)\b(?!\.h|\()")
DECLARATION = re.compile(r"\s*(HYPR_API|typedef|enum|#define HYPR_|HYPR_\w+ = |[\w ]+[ *]\w+(\[\d+\])?;)")
ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;"}


def escaped(text):
    """Words as they are: nothing of them is a command of Doxygen or HTML."""
    text = re.sub(r"[\\@%<>&#\"]", lambda found: ENTITIES.get(found[0], "\\" + found[0]), text)
    return re.sub(r"`([^`]+)`", r"<tt>\1</tt>", text).replace("--", "\\--").replace("::", "\\::")


def words(comment):
    """The lines of a comment, without its marks and the first column of stars."""
    first, *rest = comment.removeprefix("/*").removesuffix("*/").split("\n")
    return [first.strip(), *(re.sub(r"^\s*\* ?", "", line).rstrip() for line in rest)]


def described(lines):
    """Paragraphs; lines that are set in become a list: a name, and what is said of it."""
    result, listing = [], False
    for line in lines:
        indent, text = len(line) - len(line.lstrip()), line.strip()
        if text.startswith("- ") or indent == 2:
            if not text.startswith("- "):
                name, rest = re.match(r"([^\[\s]+(?: [^\[\s]+)*?(?=\s{2}|$)|\S+)\s*(.*)", text).groups()
                text = f"- <tt>{escaped(name)}</tt> {escaped(re.sub(r' {2,}', ' ', rest))}"
            else:
                text = "- " + escaped(text[2:])
            result += [text] if listing else ["", text]
            listing = True
        elif indent and listing:
            result.append("  " + escaped(text))
        else:
            result += ["", escaped(text)] if listing else [escaped(text)]
            listing = False
    return result


def grouped(text):
    """The header from its first section to its last declaration, sections and their groups as those of Doxygen."""
    conventions = re.search(r"^ \* Conventions, (.*?)\n \*/", text, re.S | re.M)[1]
    result = ["\n".join(["/** @defgroup conventions Conventions", *described(words(f"/* Conventions, {conventions}*/")), "*/\n"])]
    section, end_of_group = "", ""
    for piece in re.split(r"(/\*.*?\*/)", text[text.index("/* ===="):text.rindex("#ifdef __cplusplus")], flags=re.S):
        if title := re.match(r"/\* =+ (\w+) \*/", piece):
            section = title[1].lower()
            result.append(f"{end_of_group}\n/** @defgroup {section} {title[1]} */\n")
            end_of_group = ""
        elif title := re.match(r"/\* ---- (.*?)(?: \(since ([\d.]+)\))?(\.[^\n]*)?(?:\n(.*?))?\s*\*/", piece, re.S):
            name, since, more, text_below = title.groups()
            result.append("\n".join([
                f"{end_of_group}\n/** @defgroup group_{re.sub(r'[^a-z]+', '_', name.lower())} {name}", f"@ingroup {section}", "",
                f"Since version {since}" + escaped(more or "."), "",
                *(described(words(f"/*\n{text_below}*/")) if text_below else []), "@{ */"]))
            end_of_group = "/** @} */\n"
        else:
            result.append(piece)
    return "".join(result) + end_of_group


def taken(lines, complete):
    """The first lines of a list, which lose them, as many as make it complete."""
    block = [lines.pop(0)]
    while not complete("\n".join(block)):
        block.append(lines.pop(0))
    return "\n".join(block)


def documented(text):
    """Comments before and behind declarations, in the form of Doxygen."""
    lines, result, above = text.split("\n"), [], []
    while lines:
        if lines[0].startswith("/**"):  # a section or group
            result.append(taken(lines, lambda block: block.rstrip().endswith("*/")))
            above = []
        elif re.match(r"\s*/\*", lines[0]):
            block = taken(lines, lambda block: "*/" in block)
            above = words(block.strip())
            if block.startswith(" ") and len(block.strip()) < 25:
                above = []  # a heading between constants, such as "the call"
        elif not lines[0].strip():
            result.append(lines.pop(0))
            above = []
        else:
            declaration = taken(lines, lambda block: ("/*" in block or block.count("(") <= block.count(")"))
                                and ("/*" not in block or "*/" in block))
            declaration, _, behind = declaration.removesuffix("*/").rstrip().partition("/*")
            if DECLARATION.match(declaration) and (above or behind):
                said = escaped(" ".join(line.strip() for line in words("/*" + behind)).strip())
                result.append("\n".join(["/** " + said, "", *described(above), "*/"]))
                # Of members that have a comment of their own, the one above all of them stands with the first.
                if behind and declaration.startswith(" "):
                    above = []
            result.append(declaration.rstrip())
            if declaration.rstrip().endswith("{"):
                above = []
    return "\n".join(result)


def linked(text):
    """Names of functions and constants in comments lead to what is said of them."""
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    declared = set(NAME.findall(code)) | set(re.findall(r"\b(hypr_\w+)\(", code))
    return re.sub(r"/\*\*.*?\*/", lambda block: NAME.sub(lambda name: ("#" if name[1] in declared else "") + name[1], block[0]),
                  text, flags=re.S)


def cpp_header(text):
    """A member is the function that its body calls, beside what its comment says."""
    lines, result = text.split("\n"), []
    for index, line in enumerate(lines):
        function = re.match(r"(\s*)(?:static |inline |explicit |template |constexpr )*[\w:<>&*, ]+ [*&]*(\w+)\(.*\{", line)
        if function and not re.search(r"\b(if|for|while|switch|return)\b \(", line):
            body = line if line.endswith("}") else "\n".join(lines[index:index + 12]).split("\n" + function[1] + "}")[0]
            called = re.search(r"\b(hypr_\w+)\(", body)
            if called and (not result[-1].strip().startswith("///") or called[1] not in " ".join(result[-3:])):
                result.append(f"{function[1]}/// #{called[1]} of hypr.h.")
        result.append(re.sub(r"`([^`]+)`", r"<tt>\1</tt>", line) if line.lstrip().startswith("///") else line)
    return "\n".join(result)


def main():
    path = Path(sys.argv[1])
    text = path.read_text()
    sys.stdout.write(cpp_header(text) if path.suffix == ".hpp" else linked(documented(grouped(text))))


main()
