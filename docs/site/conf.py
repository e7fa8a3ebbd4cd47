"""The documentation site: what Sphinx reads, and how it looks. Its sources are the pages of the project where they lie, so that
they can be read on a forge too; `make docs` builds it."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

header = (ROOT / "include" / "hypr.h").read_text()
version = release = ".".join(re.findall(r"^#define HYPR_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header, re.M))
project = "hypr"
author = "the authors of hypr"
copyright = author
root_doc = "docs/index"
language = "en"

# The folder of the project is the source folder: links between pages are what they are in the repository.
include_patterns = ["README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "COMPATIBILITY.md", "CONTRIBUTING.md", "SECURITY.md",
                    "docs/*.md", "docs/reference/*.md", "bindings/python/README.md", "examples/*/README.md", "oracle/README.md"]
exclude_patterns = [".*", "build", "Sources", "Tests", "benchmarks", "include", "bindings/python/src", "bindings/cmake"]

extensions = ["myst_parser", "breathe", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton",
              "reference", "repository_links"]
suppress_warnings = ["ref.python"]  # a field has the name of others: it is not what is meant

myst_heading_anchors = 4

breathe_projects = {"hypr": os.environ["HYPR_DOXYGEN"]}
breathe_default_project = "hypr"
breathe_domain_by_extension = {"h": "c", "hpp": "cpp"}
breathe_default_members = ("members",)
breathe_show_include = False
cpp_maximum_signature_line_length = c_maximum_signature_line_length = python_maximum_signature_line_length = 100

autodoc_mock_imports = ["h5py", "jinja2", "matplotlib", "nir", "norse", "river", "scipy", "sklearn", "snntorch", "tensorboardX",
                        "torch", "tqdm"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_type_aliases = {"npt.ArrayLike": "ArrayLike"} | {
    name: name for name in ("Array", "FloatArray", "IntArray", "Log", "Numbers", "Table", "Tensors", "TrainGroup", "Values")}
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "code"

html_theme = "furo"
html_title = f"hypr {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_domain_indices = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
highlight_language = "none"
pygments_style = "friendly"
pygments_dark_style = "monokai"
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = False
