"""Docstrings are plain text with formulas such as ||A x - y||^2 and shapes such as (*batch, n): not markup."""

import re

KEPT = re.compile(
    r"(``[^`]+``|`[^`]+`|(?<!\w)\*\*\w[^*\n]*\*\*"  # words
    r"|^[^\n]*::\n(?:\n|[ ][^\n]*\n)+"  # blocks
    r"|^[ ]*>>>[^\n]*(?:\n[^\n]+)*)",  # examples
    re.MULTILINE,
)


def escaped(text: str) -> str:
    """The text with the characters escaped that markup would take for its own, outside code and bold words."""
    parts = re.split(KEPT, text)
    parts[::2] = [re.sub(r"[*|\\]|_(?![A-Za-z0-9])", r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


def escape(_app, _what, _name, _object, _options, lines):
    """Escape the lines of a docstring, before numpydoc reads them."""
    lines[:] = escaped("\n".join(lines)).split("\n")


def setup(app):
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", escape, priority=100)
    return {"parallel_read_safe": True}
