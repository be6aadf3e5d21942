"""BLAS on one thread, for a whole process.

The matrices are small, but a sweep computes many sums: on busy cores, threads that wait for each
other cost up to sixteen times the work, and they add in a different order. OpenBLAS has one number
of threads per process; threadpoolctl lets only the first thread that asks change it, and restoring
it would disturb other computations. The number is therefore set once, by whichever thread comes
first, and kept. A BLAS built on OpenMP has one number per thread, so every computing thread asks.
"""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _libraries() -> tuple[Any, ...]:
    # NumPy and SciPy may each ship a BLAS; SciPy loads its own with this module.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def one_blas_thread() -> None:
    """Make every BLAS of this process compute on one thread from now on."""
    for library in _libraries():
        if library.get_num_threads() == 1:
            continue
        # Since threadpoolctl 3.8, the thread that set the number first can be overruled.
        overrule = getattr(library, "clear_controlling_thread", None)
        if overrule is not None:
            overrule(force=True)
        library.set_num_threads(1)
