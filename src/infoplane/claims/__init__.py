"""Claims: what the paper and its critique say, each with the statistic and the threshold that decide it.

To add a claim: a module (or a class in one) with a `Claim` subclass, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infoplane.section import Registry

if TYPE_CHECKING:
    from infoplane.claims.base import Claim

CLAIMS: Registry[Claim] = Registry(
    "infoplane.claims",
    two_phases="infoplane.claims.phases:TwoPhases",
    no_regularization="infoplane.claims.phases:NoRegularization",
    similar_paths="infoplane.claims.paper:SimilarPaths",
    small_data="infoplane.claims.paper:SmallData",
    drift_diffusion="infoplane.claims.paper:DriftDiffusion",
    random_weights="infoplane.claims.weights:RandomWeights",
    depth_helps="infoplane.claims.paper:DepthHelps",
    near_bound="infoplane.claims.paper:NearBound",
    data_processing="infoplane.claims.paper:DataProcessing",
    nonlinearity="infoplane.claims.critique:Nonlinearity",
    no_link="infoplane.claims.critique:NoLink",
    full_batch="infoplane.claims.critique:FullBatch",
    estimator_dependence="infoplane.claims.critique:EstimatorDependence",
    other_worlds="infoplane.claims.phases:OtherWorlds",
    forgets="infoplane.claims.phases:Forgets",
    no_overfitting="infoplane.claims.phases:NoOverfitting",
    linear_students="infoplane.claims.exact:LinearStudents",
    irrelevant_inputs="infoplane.claims.exact:IrrelevantInputs",
    exact_networks="infoplane.claims.exact:ExactNetworks",
)
