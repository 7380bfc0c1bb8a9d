"""Analyses: the numbers of figures and claims, computed once from the runs and kept as a store and a CSV.

To add one: a module with an `Analysis` subclass, and a line here; the figure or claim that needs it names it in
`analysis`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infoplane.section import Registry

if TYPE_CHECKING:
    from infoplane.analyses.base import Analysis

ANALYSES: Registry[Analysis] = Registry(
    "infoplane.analyses",
    plane="infoplane.analyses.plane:Plane",
    moments="infoplane.analyses.moments:Moments",
    phases="infoplane.analyses.phases:Phases",
    forgetting="infoplane.analyses.forgetting:Forgetting",
    matched="infoplane.analyses.matched:Matched",
    multiverse="infoplane.analyses.multiverse:Multiverse",
    estimators="infoplane.analyses.estimators:Estimators",
    spread="infoplane.analyses.spread:Spread",
    label_loss="infoplane.analyses.label_loss:LabelLoss",
    gradient_snr="infoplane.analyses.gradient_snr:GradientSNR",
    drift="infoplane.analyses.drift:Drift",
    weights="infoplane.analyses.weights:Weights",
    depth="infoplane.analyses.depth:Depth",
    bound="infoplane.analyses.bound:Bound",
    data_processing="infoplane.analyses.data_processing:DataProcessing",
    generalization="infoplane.analyses.generalization:Generalization",
    learning_curves="infoplane.analyses.learning_curves:LearningCurves",
    student_teacher="infoplane.analyses.student_teacher:StudentTeacher",
    worlds="infoplane.analyses.worlds:Worlds",
    minimal_model="infoplane.analyses.minimal_model:MinimalModel",
    bull="infoplane.analyses.bull:Bull",
    explorer="infoplane.analyses.explorer:Explorer",
)
