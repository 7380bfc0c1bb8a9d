"""Real data: images of handwritten digits, flattened and scaled to [0, 1]."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.datasets.base import Dataset, Shape, from_arrays
from infoplane.section import Int


class Digits(Dataset):
    """The 1797 digits of 8 × 8 pixels that come with scikit-learn (UCI's optical recognition test set)."""

    kind: Literal["digits"] = "digits"

    def shape(self) -> Shape:
        """1797 images of 64 pixels, ten classes."""
        return Shape(1797, 64, 10)

    def exact(self) -> xr.Dataset:
        """The images, equally likely, each with its certain label."""
        from sklearn.datasets import load_digits

        pixels, digit = load_digits(return_X_y=True)
        return from_arrays(pixels / 16, digit)


class Mnist(Dataset):
    """MNIST's digits of 28 × 28 pixels, the training images first; Keras downloads and caches them."""

    kind: Literal["mnist"] = "mnist"
    samples: Annotated[Int, Field(ge=100, le=70_000)] = Field(
        10_000, description="Images used: the first ones of the 70,000."
    )

    def shape(self) -> Shape:
        """`samples` images of 784 pixels, ten classes."""
        return Shape(self.samples, 784, 10)

    def exact(self) -> xr.Dataset:
        """The images, equally likely, each with its certain label; ValueError where they cannot be had."""
        import keras

        try:
            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        except Exception as error:  # Keras raises a bare Exception when the download fails
            reason = " ".join(str(error).split())
            raise ValueError(
                f"mnist: mnist.npz could not be downloaded ({reason}); place Keras's file at "
                "~/.keras/datasets/mnist.npz ($KERAS_HOME/datasets/mnist.npz where that is set)"
            ) from error
        pixels = np.concatenate([x_train, x_test])[: self.samples]
        digit = np.concatenate([y_train, y_test])[: self.samples]
        return from_arrays(pixels.reshape(len(pixels), -1) / 255, digit)
