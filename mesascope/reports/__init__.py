"""Reports: an audit as a page, as pictures and as plain text."""
