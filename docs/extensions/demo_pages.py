"""The demos as pages of the gallery: scripts in the form that sphinx-gallery reads, and the figures that they write."""

import re
from importlib.util import find_spec
from pathlib import Path
from shutil import move

HEADER = """Gallery
=======

Each page is a script of the folder ``demos``. ``csrecover demo NAME`` runs one, ``csrecover demo --list`` names all.
Pages without a result train a network with torch, which was not installed where this site was built.

"""


def staged(demos: Path, folder: Path) -> Path:
    """A copy of the demos with titles that sphinx-gallery shows; files that did not change are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {path.name: shown(path.read_text(encoding="utf-8")) for path in sorted(demos.glob("[0-9]*_*.py"))}
    texts["GALLERY_HEADER.rst"] = HEADER
    for path in folder.glob("*.*"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return folder


def runnable(demos: Path) -> str:
    """A pattern of the demos to run: all, or those without torch where it is not installed."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in demos.glob("[0-9]*_*.py")}
    return "|".join(sorted(name for name, text in texts.items() if find_spec("torch") or "import torch" not in text))


def shown(script: str) -> str:
    """A percent script whose first line is a title and a text, and whose titles of cells are text."""
    first = re.match(r'"""(.*?)"""', script).group(1)
    title, rest = re.match(r"(.*?)(?:: |, (?=with|and)|(?<=\?) |\.?$)(.*)", first).groups()
    heading = f'"""\n{title}\n{"=" * len(title)}\n\n{rest[:1].upper()}{rest[1:]}\n"""'
    cells = script[script.index("\n") :]
    return heading + re.sub(r"^# %% (.+)$", r"# %%\n# \1", cells, flags=re.MULTILINE)


def written_figures(_block: tuple, variables: dict, conf: dict) -> str:
    """Move the PNG files that a script has written below `out` to the gallery, and show them."""
    from sphinx_gallery.scrapers import figure_rst

    written = sorted(Path(variables["src_file"]).parent.glob("out/*.png"))
    figures = [move(figure, path) for figure, path in zip(written, variables["image_path_iterator"], strict=False)]
    return figure_rst(figures, conf["src_dir"])
