"""Files that are written from the tree by templates, and kept fresh."""
