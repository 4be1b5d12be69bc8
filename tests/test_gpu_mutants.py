"""Each mistake of `make mutants` has its place in the library, once, and leaves a module that compiles."""

import pytest

from .gpu_mutants import MUTANTS, ROOT, with_imports


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.mistake)
def test_a_mutant_has_its_place(mutant):
    text = (ROOT / "csrecover" / mutant.file).read_text()
    assert text.count(mutant.before) == 1
    compile(with_imports(text.replace(mutant.before, mutant.after), mutant), mutant.file, "exec")
