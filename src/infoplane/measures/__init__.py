"""Measures: pure functions from activations, gradients and weights to information, in bits.

To add an estimator: a module with an `Estimator` subclass, and a line here.
"""

from infoplane.section import Registry

ESTIMATORS = Registry(
    binned="infoplane.measures.binned:Binned",
)
MEASURES = Registry(
    gradients="infoplane.measures.gradients:Gradients",
    weights="infoplane.measures.weights:Weights",
)
