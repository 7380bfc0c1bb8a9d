"""Measures: pure functions from activations, gradients and weights to information, in bits.

To add an estimator: a module with a `LayerEstimator` subclass, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infoplane.section import Registry

if TYPE_CHECKING:
    from infoplane.measures.base import Estimator, Measure

ESTIMATORS: Registry[Estimator] = Registry(
    "infoplane.estimators",
    binned="infoplane.measures.binned:Binned",
    adaptive="infoplane.measures.adaptive:Adaptive",
    exact="infoplane.measures.exact:Exact",
    kde="infoplane.measures.kde:Kde",
    noisy="infoplane.measures.noisy:Noisy",
    chain="infoplane.measures.chain:Chain",
    knn="infoplane.measures.knn:Knn",
    gaussian="infoplane.measures.gaussian:Gaussian",
    specific="infoplane.measures.specific:Specific",
)
MEASURES: Registry[Measure] = Registry(
    "infoplane.measures",
    gradients="infoplane.measures.gradients:Gradients",
    weights="infoplane.measures.weights:Weights",
    units="infoplane.measures.units:Units",
    bound="infoplane.measures.bound:Bound",
    followed="infoplane.measures.followed:Followed",
)
