"""In place of CuPy's module of the same name, which runs compiled device code: not modelled."""

MESSAGE = "cupy.random runs compiled device code, which the emulation does not have: draw on the host"


class Generator:
    def __init__(self, *bit_generator):
        raise NotImplementedError(MESSAGE)


class FeistelBijection(Generator):
    pass


def init_curand(*state):
    raise NotImplementedError(MESSAGE)


random_raw = init_curand
