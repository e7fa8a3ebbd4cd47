"""Links of pages to folders of the project lose their link, since a site on disk cannot list them. (Links to pages lead to these,
and files that are no pages are copied and shown as they are: MyST does that.)"""

from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform


class FolderLinks(SphinxTransform):
    default_priority = 5  # before MyST and Sphinx look for what is referred to

    def apply(self):
        page = Path(self.env.doc2path(self.env.docname)).parent
        for node in list(self.document.findall(pending_xref)):
            target = node.get("reftarget", "").partition("#")[0]
            # Pages come as documents, without .md: some have a folder of the same name.
            if target and "://" not in target and node.get("refdomain") != "doc" and (page / target).is_dir():
                node.replace_self(node.children[0] if len(node.children) == 1 else nodes.inline("", "", *node.children))


def setup(app):
    app.add_transform(FolderLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
