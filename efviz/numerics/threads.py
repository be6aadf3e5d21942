"""BLAS on one thread, for a whole process.

Matrices are small and sums of a whole sweep many: threads that wait for each other cost up to
sixteen times the work when the cores are busy, and they add in another order. OpenBLAS has one
number of threads for a process; threadpoolctl lets only the first thread that asks change it, and
restoring it would disturb whoever else computes. So it is set once, from whichever thread comes
first, and stays. Built on OpenMP, a BLAS has one number for every thread: so all who compute ask.
"""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _libraries() -> tuple[Any, ...]:
    # NumPy and SciPy may each bring their own BLAS, SciPy's with this module.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def one_blas_thread() -> None:
    """From now on every BLAS of this process computes with one thread."""
    for library in _libraries():
        if library.get_num_threads() == 1:
            continue
        # Since threadpoolctl 3.8: who set the number first, in whatever thread, may be overruled.
        overrule = getattr(library, "clear_controlling_thread", None)
        if overrule is not None:
            overrule(force=True)
        library.set_num_threads(1)
