"""How the site reads docstrings: an `Example:` of ours is a section of examples, as griffe expects them under `Examples:`."""

import re

import griffe


class Examples(griffe.Extension):
    """Gives the section the name that griffe knows; otherwise its code would be read as prose."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Called once for each function, class and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(r"(?m)^( *)Example:$", r"\1Examples:", obj.docstring.value)
