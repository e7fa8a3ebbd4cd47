"""Links of pages to what the site has no page for: files of the project are copied and shown as they are; folders lose their link,
since a site on disk cannot list them."""

from pathlib import Path

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.transforms import SphinxTransform


class FolderLinks(SphinxTransform):
    default_priority = 5  # before MyST and Sphinx look for what is referred to

    def apply(self):
        page = Path(self.env.doc2path(self.env.docname)).parent
        for node in list(self.document.findall(lambda node: isinstance(node, (nodes.reference, download_reference)) or
                                               node.__class__.__name__ == "pending_xref")):
            target = node.get("reftarget") or node.get("refuri") or ""
            if target and "://" not in target and (page / target.split("#")[0]).is_dir():
                node.replace_self(node.children[0] if len(node.children) == 1 else nodes.inline("", "", *node.children))


def setup(app):
    app.add_transform(FolderLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
