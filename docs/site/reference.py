"""How the reference shows what Doxygen and the docstrings say."""

import re
from itertools import takewhile

from docutils import nodes
from sphinx import addnodes
from sphinx.domains.c import CDomain
from sphinx.domains.cpp import CPPDomain
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.transforms import SphinxTransform
from sphinx.util.inspect import TypeAliasForwardRef

MEMBERS = {"enum", "enumerator", "member", "var"}


class Contents(SphinxTransform):
    """Functions stand in the contents of a page, the fields of a struct and the values of an enumeration do not. Enumerations of
    hypr.h have no name: they are int32_t."""

    default_priority = 400

    def apply(self):
        for entry in self.document.findall(addnodes.desc):
            for signature in entry.findall(addnodes.desc_signature):
                if signature.parent is entry and entry.get("objtype") in MEMBERS and entry.get("domain") in ("c", "cpp"):
                    signature["_toc_name"] = ""
            if entry.get("objtype") == "enum" and entry.get("domain") == "c":
                entry[0]["is_multiline"] = False
                entry[0].children = [addnodes.desc_name("", "int32_t constants")]


def property_docstring(self):
    """Napoleon takes the words before a colon for a type; here types are annotations."""
    return self.__class__(self._consume_to_end(), self._config).lines()


def docstring(app, what, name, thing, options, lines):
    """Of two fields that are described together napoleon takes the first one for the type of the second."""
    section, described = "", []
    for index, line in enumerate(lines):
        below = lines[index + 1] if index + 1 < len(lines) else ""
        if below and set(below) == {"-"}:
            section = line
        fields = re.fullmatch(r"(\w+(?:, \w+)+) : (.*)", line)
        if fields and section == "Attributes":
            *others, last = fields[1].split(", ")
            said = list(takewhile(lambda text: text.startswith(" "), lines[index + 1:]))
            for name in others:
                described += [f"{name} : {fields[2]}", *said]
            line = f"{last} : {fields[2]}"
        described.append(line)
    lines[:] = described


def searched(domain):
    """Parameters of functions are no results of a search, and constants go by their own name."""
    objects = domain.get_objects
    domain.get_objects = lambda self: ((name, shown.removeprefix("[anonymous]."), kind, *rest)
                                       for name, shown, kind, *rest in objects(self) if not kind.endswith("Param"))


def skip(app, what, name, thing, skipped, options):
    """Fields of named tuples are said in the docstring of these."""
    return True if (getattr(thing, "__doc__", None) or "").startswith("Alias for field number") else None


def setup(app):
    app.add_transform(Contents)
    searched(CDomain)
    searched(CPPDomain)
    TypeAliasForwardRef.__repr__ = lambda alias: alias.name
    GoogleDocstring._parse_attribute_docstring = property_docstring
    app.connect("autodoc-process-docstring", docstring, priority=400)
    app.connect("autodoc-skip-member", skip)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
