"""Figures: each loads measurements and draws one message.

To add one: a module with a `Figure` subclass, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infoplane.section import Registry

if TYPE_CHECKING:
    from infoplane.figures.base import Figure

FIGURES: Registry[Figure] = Registry(
    "infoplane.figures",
    information_plane="infoplane.figures.information_plane:InformationPlane",
    information_plane_snapshots="infoplane.figures.information_plane_snapshots:InformationPlaneSnapshots",
    gradient_snr="infoplane.figures.gradient_snr:GradientSNR",
    learning_curves="infoplane.figures.learning_curves:LearningCurves",
    replicate_spread="infoplane.figures.replicate_spread:ReplicateSpread",
    depth="infoplane.figures.depth:Depth",
    ib_bound="infoplane.figures.ib_bound:IBBound",
    weight_correlations="infoplane.figures.weight_correlations:WeightCorrelations",
    data_processing="infoplane.figures.data_processing:DataProcessing",
    estimator_comparison="infoplane.figures.estimator_comparison:EstimatorComparison",
    compression_generalization="infoplane.figures.compression_generalization:CompressionGeneralization",
    student_teacher="infoplane.figures.student_teacher:StudentTeacher",
    forgetting="infoplane.figures.forgetting:Forgetting",
    multiverse="infoplane.figures.multiverse:Multiverse",
    information_plane_animation="infoplane.figures.information_plane_animation:InformationPlaneAnimation",
    minimal_model="infoplane.figures.minimal_model:MinimalModel",
    bull="infoplane.figures.bull:Bull",
)
