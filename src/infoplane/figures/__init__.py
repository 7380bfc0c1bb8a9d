"""Figures: each loads measurements and draws one message.

To add one: a module with a `Figure` subclass, and a line here.
"""

from infoplane.section import Registry

FIGURES = Registry(
    information_plane="infoplane.figures.information_plane:InformationPlane",
    information_plane_snapshots="infoplane.figures.information_plane_snapshots:InformationPlaneSnapshots",
    gradient_snr="infoplane.figures.gradient_snr:GradientSNR",
    learning_curves="infoplane.figures.learning_curves:LearningCurves",
)
