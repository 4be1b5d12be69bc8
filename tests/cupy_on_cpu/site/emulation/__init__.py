"""The functions of NVIDIA's libraries that CuPy calls, computed by NumPy and SciPy at raw addresses."""
