"""The kernel distance: squared maximum mean discrepancy (MMD) with a cubic kernel, unbiased.

In the features of the Inception network it is called KID. Unlike the Fréchet distance it has no
bias from few samples: for a perfect generator it is 0 on average, so that it is often negative
then. It needs no covariance, so fewer samples than dimensions are no trouble.

Source: Bińkowski, Sutherland, Arbel and Gretton (2018), "Demystifying MMD GANs", arXiv:1801.01401;
the estimator: Gretton et al. (2012), "A kernel two-sample test", equation 3.
"""

from torch import Tensor

from aigc_lib.metrics.features import blocks, pair


def _kernel_sum(x: Tensor, y: Tensor, chunk: int) -> float:
    """Sum over all pairs of k(x_i, y_j) = (x_i . y_j / d + 1)^3."""
    d = x.shape[1]
    return sum(
        float((p @ q.T / d + 1).pow(3).sum()) for p in blocks(x, chunk) for q in blocks(y, chunk)
    )


def _within(x: Tensor, chunk: int) -> float:
    """Mean of k(x_i, x_j) over the pairs i != j."""
    n, d = x.shape
    # An item compared with itself says nothing about the distribution and would bias the mean.
    diagonal = float((x.square().sum(dim=1) / d + 1).pow(3).sum())
    return (_kernel_sum(x, x, chunk) - diagonal) / (n * (n - 1))


def kernel_distance(a: Tensor, b: Tensor, chunk: int = 2000) -> float:
    """Unbiased estimate of the squared MMD between the features a (n, d) and b (m, d).

        mean over i != j of k(a_i, a_j)  +  mean over i != j of k(b_i, b_j)
        -  2 * mean over all i, j of k(a_i, b_j),      k(x, y) = (x . y / d + 1)^3

    in units of the kernel; may be negative. ``chunk`` items are compared with ``chunk`` others at a
    time, which changes memory, not the value (but for rounding).

    Raises:
        ValueError: fewer than 2 samples, features that are not finite or of another dimension.
    """
    a, b = pair(a, b, least=2)
    across = _kernel_sum(a, b, chunk) / (len(a) * len(b))
    return _within(a, chunk) + _within(b, chunk) - 2 * across
