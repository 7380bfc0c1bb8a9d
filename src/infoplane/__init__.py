"""infoplane: opens the black box of deep networks with mutual information.

For notebooks and scripts: `record` fits and records a Keras model, `measure` gives I(X;T) and I(T;Y) of arrays, `plane`
draws them, `runs` finds what a workflow has made (docs/python.md).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infoplane.api.drawing import plane
    from infoplane.api.measuring import measure
    from infoplane.api.table import runs
    from infoplane.training.recorder import ActivationRecorder, record

__all__ = ["ActivationRecorder", "measure", "plane", "record", "runs"]


def __getattr__(name: str) -> Any:
    """A name of `__all__`, on first use: some bring TensorFlow, which nothing else here should wait for."""
    from importlib import import_module

    homes = {
        "measure": "infoplane.api.measuring",
        "plane": "infoplane.api.drawing",
        "runs": "infoplane.api.table",
    }
    if name in __all__:
        return getattr(import_module(homes.get(name, "infoplane.training.recorder")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
