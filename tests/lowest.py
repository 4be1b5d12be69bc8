"""Print the lower bound of each dependency as a pip constraint: what `make test-lowest` installs."""

import re
import tomllib
from pathlib import Path

if __name__ == "__main__":
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        print(re.sub(r">=", "==", requirement))
