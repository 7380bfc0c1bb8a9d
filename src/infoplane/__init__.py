"""infoplane: opens the black box of deep networks with mutual information."""

from typing import Any

__all__ = ["ActivationRecorder"]


def __getattr__(name: str) -> Any:
    """`ActivationRecorder`, on first use: it brings TensorFlow, which nothing else here should wait for."""
    if name in __all__:
        from infoplane.training.recorder import ActivationRecorder

        return ActivationRecorder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
