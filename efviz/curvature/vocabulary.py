"""Table 1 as a translator: the names of a matrix in every field, and the calls of libraries for it.

Every fact has the page or file it comes from. A library is listed if its documentation or source
says which matrix a call returns. Scales differ; `note` says how where that is known.
"""

from dataclasses import dataclass

PAPER = "Kunstner, Balles, Hennig (2019)"
_WU = "https://arxiv.org/abs/2406.06420"


@dataclass(frozen=True)
class Name:
    """The name of the matrix in a field."""

    field: str
    words: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class Call:
    """A call that returns the matrix, or its diagonal or an approximation if `returns` says so."""

    library: str
    code: str
    source: str
    returns: str = "the matrix"
    note: str = ""


@dataclass(frozen=True)
class Term:
    """One matrix: its title, its formula in KaTeX (with sums, as in the paper), and its names."""

    title: str
    formula: str
    names: tuple[Name, ...]
    calls: tuple[Call, ...] = ()


_CURVLINOPS = "https://github.com/f-dangel/curvlinops/blob/main/curvlinops/"
_LAPLACE = "https://github.com/aleximmer/Laplace/blob/main/laplace/curvature/curvlinops.py"
_BACKPACK = "https://github.com/f-dangel/backpack/blob/master/backpack/extensions/"
_KFAC_JAX = "https://github.com/google-deepmind/kfac-jax"
_ASDL = "https://github.com/kazukiosawa/asdl/blob/master/asdl/fisher.py"
_NNGEOMETRY = "https://github.com/tfjgeorge/nngeometry/blob/master/nngeometry/metrics.py"
_STATSMODELS = (
    "https://www.statsmodels.org/stable/generated/"
    "statsmodels.genmod.generalized_linear_model.GLM.hessian.html"
)
_STATA_VCE = "https://www.stata.com/help.cgi?vce_option"
_STATA_GLM = "https://www.stata.com/help.cgi?glm"
_SANDWICH = "https://search.r-project.org/CRAN/refmans/sandwich/html/vcovOPG.html"

VOCABULARY: dict[str, Term] = {
    "joint_fisher": Term(
        "Fisher of the joint distribution",
        r"N\,\mathbb E_{x, y \sim p(x) p_\theta(y \mid x)}"
        r"[\nabla \log p_\theta(y \mid x)\, \nabla \log p_\theta(y \mid x)^\top]",
        (
            Name("statistics", "Fisher", f"{PAPER}, Table 1, Eq. 5"),
            Name("machine learning", "Fisher", f"{PAPER}, Table 1, Eq. 5"),
        ),
    ),
    "fisher": Term(
        "Fisher of the conditional distribution",
        r"\sum_n \mathbb E_{y \sim p_\theta(y \mid x_n)}"
        r"[\nabla \log p_\theta(y \mid x_n)\, \nabla \log p_\theta(y \mid x_n)^\top]",
        (
            Name(
                "statistics",
                "empirical Fisher",
                f"{PAPER}, Table 1, Eq. 6; section 3.2",
                "empirical in x: the observed inputs stand for p(x)",
            ),
            Name("machine learning", "Fisher", f"{PAPER}, Table 1, Eq. 6"),
            Name("GLM software", "expected information matrix (EIM)", _STATA_GLM),
            Name("curvature libraries", "type-2 or exact Fisher", f"{_CURVLINOPS}kfac.py"),
        ),
        (
            Call(
                "kfac-jax",
                'estimation_mode="fisher_exact"',
                _KFAC_JAX,
                "a Kronecker-factored approximation",
            ),
            Call(
                "asdl",
                "FisherConfig(fisher_type=FISHER_EXACT, ...)",
                _ASDL,
                "in the requested shapes",
            ),
            Call(
                "nngeometry",
                'FIM(model, loader, PMatDense, variant="classif_logits")',
                _NNGEOMETRY,
            ),
            Call(
                "curvlinops",
                'KFACLinearOperator(..., fisher_type="type-2")',
                f"{_CURVLINOPS}kfac.py",
                "a Kronecker-factored approximation",
            ),
            Call(
                "statsmodels",
                "-GLM.hessian(params, observed=False)",
                _STATSMODELS,
                note="a sum over the examples; the default, observed=True, is the Hessian",
            ),
            Call("Stata", "glm ..., vce(eim)", _STATA_GLM, "the inverse"),
        ),
    ),
    "ggn": Term(
        "Generalised Gauss-Newton matrix",
        r"\sum_n J_n^\top\, \nabla_f^2(-\log p(y_n \mid f_n))\, J_n",
        (
            Name(
                "machine learning",
                "GGN; the Fisher where f is the natural parameter",
                f"{PAPER}, Eqs. 10, 12, Proposition 1",
            ),
            Name("nonlinear least squares", "Gauss-Newton matrix", f"{PAPER}, Eq. 8"),
        ),
        (
            Call("curvlinops", "GGNLinearOperator(...)", f"{_CURVLINOPS}ggn.py"),
            Call("laplace-torch", "CurvlinopsGGN(model, likelihood)", _LAPLACE),
            Call(
                "BackPACK",
                "DiagGGNExact()",
                f"{_BACKPACK}secondorder/diag_ggn/__init__.py",
                "the diagonal",
            ),
            Call(
                "kfac-jax",
                'estimation_mode="ggn_exact"',
                _KFAC_JAX,
                "a Kronecker-factored approximation",
            ),
        ),
    ),
    "mc_fisher": Term(
        "Fisher with labels sampled from the model",
        r"\sum_n \nabla \log p_\theta(\tilde y_n \mid x_n)\,"
        r" \nabla \log p_\theta(\tilde y_n \mid x_n)^\top,"
        r"\quad \tilde y_n \sim p_\theta(y \mid x_n)",
        (Name("machine learning", "Monte-Carlo or sampled Fisher", f"{PAPER}, Eq. 38"),),
        (
            Call("curvlinops", "FisherMCLinearOperator(...)", f"{_CURVLINOPS}fisher.py"),
            Call(
                "laplace-torch",
                "CurvlinopsGGN(model, likelihood, stochastic=True)",
                _LAPLACE,
            ),
            Call(
                "BackPACK",
                "DiagGGNMC(mc_samples=1)",
                f"{_BACKPACK}secondorder/diag_ggn/__init__.py",
                "the diagonal",
            ),
            Call(
                "kfac-jax",
                'estimation_mode="fisher_gradients"',
                _KFAC_JAX,
                "a Kronecker-factored approximation",
            ),
            Call(
                "asdl",
                "FisherConfig(fisher_type=FISHER_MC, ..., n_mc_samples=1)",
                _ASDL,
                "in the requested shapes",
            ),
            Call(
                "nngeometry",
                "FIM_MonteCarlo(model, loader, PMatDense, trials=1)",
                _NNGEOMETRY,
            ),
        ),
    ),
    "empirical_fisher": Term(
        "Empirical Fisher of this paper",
        r"\sum_n \nabla \log p_\theta(y_n \mid x_n)\, \nabla \log p_\theta(y_n \mid x_n)^\top",
        (
            Name("machine learning", "empirical Fisher", f"{PAPER}, Table 1, Eq. 7"),
            Name(
                "optimisation",
                "non-central second moment of the gradient",
                f"{PAPER}, section 5, Eq. 18",
            ),
            Name("econometrics", "outer product of gradients (OPG), BHHH", _STATA_VCE),
            Name("curvature libraries", "uncentred gradient covariance", f"{_CURVLINOPS}"),
            Name("sandwich estimators", "meat", _SANDWICH),
        ),
        (
            Call("curvlinops", "EFLinearOperator(...)", f"{_CURVLINOPS}gradient_moments.py"),
            Call("laplace-torch", "CurvlinopsEF(model, likelihood)", _LAPLACE),
            Call(
                "BackPACK",
                "SumGradSquared()",
                f"{_BACKPACK}firstorder/sum_grad_squared/__init__.py",
                "the diagonal",
                "a sum of squares of the gradients of the terms of the loss: for a mean over N "
                "examples it is 1/N times the mean of this page",
            ),
            Call(
                "kfac-jax",
                'estimation_mode="fisher_empirical"',
                _KFAC_JAX,
                "a Kronecker-factored approximation",
            ),
            Call(
                "asdl",
                "FisherConfig(fisher_type=FISHER_EMP, ...)",
                _ASDL,
                "in the requested shapes",
            ),
            Call("R, sandwich", "vcovOPG(model)", _SANDWICH, "the inverse"),
            Call("Stata", "vce(opg)", _STATA_VCE, "the inverse"),
        ),
    ),
    "improved_empirical_fisher": Term(
        "Improved empirical Fisher",
        r"\sum_n \nabla \log p_\theta(y_n \mid x_n)\, \nabla \log p_\theta(y_n \mid x_n)^\top"
        r"\,/\, \lVert \nabla_f \log p(y_n \mid f_n) \rVert^2",
        (Name("machine learning", "improved empirical Fisher (iEF)", f"{_WU}, Eq. 14"),),
    ),
    "hessian": Term(
        "Hessian of the negative log-likelihood",
        r"-\sum_n \nabla^2 \log p_\theta(y_n \mid x_n)",
        (
            Name("machine learning", "Hessian", f"{PAPER}, Eq. 9"),
            Name("statistics, GLM software", "observed information matrix (OIM)", _STATA_VCE),
        ),
        (
            Call("curvlinops", "HessianLinearOperator(...)", f"{_CURVLINOPS}hessian.py"),
            Call("laplace-torch", "CurvlinopsHessian(model, likelihood)", _LAPLACE),
            Call(
                "BackPACK",
                "DiagHessian()",
                "https://github.com/f-dangel/backpack/blob/1.4.0/docs_src/rtd/extensions.rst",
                "the diagonal",
            ),
            Call(
                "statsmodels",
                "-GLM.hessian(params, observed=True)",
                _STATSMODELS,
                note="a sum over the examples",
            ),
            Call("Stata", "vce(oim)", _STATA_VCE, "the inverse"),
        ),
    ),
}
"""One entry per matrix. A key shared with CURVATURES is the same matrix, there as a mean."""
