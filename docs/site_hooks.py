"""The site of the documentation: what `mkdocs build --strict` adds to the pages of this folder, and where their links lead.

Pages are made of the README, the notebooks, the findings and the public names. Files elsewhere in the repository that a page
links to are shown as pages too, so that no link of the site leads out of it. This module holds the hooks that `mkdocs.yml`
names; what they call is in `site_pages.py` and `site_links.py`.
"""

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

import site_links
import site_pages


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made, and every file of the repository that some page links to."""
    if missing := site_pages.undocumented():
        raise Abort(f"public names without a page or a docstring: {', '.join(missing)} (docs/site_pages.py, API)")
    made = site_pages.made()
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    known = {file.src_uri for file in files}
    for path, (source, text) in site_links.linked(made, known).items():
        content: dict[str, Any] = {"abs_src_path": str(source)} if text is None else {"content": text}
        files.append(File.generated(config, path, **content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files of the repository to their pages."""
    return site_links.led(markdown, page.file.src_uri, {file.src_uri for file in files})


_SHIM = '<script src="https://unpkg.com/iframe-worker/shim"></script>'
"""What the theme's pages load from elsewhere for the search where they are opened from disk. It is left out: nothing leaves the
machine, and the search works where the site is served.
"""


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Leave that out."""
    return output.replace(_SHIM, "")


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for pages that are no pages of the documentation, such as that of an address that leads nowhere."""
    return output_content.replace(_SHIM, "")
