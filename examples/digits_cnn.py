"""The information plane of a small convolutional network on scikit-learn's digits.

    python examples/digits_cnn.py [--epochs 200] [--folder digits_cnn]

Your own `keras.Model`, recorded while it learns by `infoplane.record`, then its plane. Under a minute on one core.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import infoplane


def main() -> None:
    """Train, record, measure, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path("digits_cnn"), help="where results go; must not exist")
    options = parser.parse_args()
    options.folder.mkdir()

    import keras  # after infoplane, which chooses its TensorFlow backend

    keras.utils.set_random_seed(1)
    digits = load_digits()
    x, digit = digits.images[..., None] / 16, digits.target
    trained = np.random.default_rng(1).random(len(x)) < 0.85  # the others are the test samples
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, activation="tanh", name="convolution"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="tanh", name="wide"),
            keras.layers.Dense(5, activation="tanh", name="narrow"),
            keras.layers.Dense(10, activation="softmax", name="digit"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    store = options.folder / "training.zarr.zip"
    fit = {"epochs": options.epochs, "batch_size": 64, "verbose": 0}
    recorded = infoplane.record(model, x, digit, store, trained=trained, snapshots=30, **fit)

    figure = infoplane.plane(recorded, bins=10)
    for suffix in ("pdf", "png"):
        figure.savefig(options.folder / f"information_plane.{suffix}", dpi=300)
    error = float(recorded["test_error"][0, -1])
    print(f"test error {error:.3f}; see {options.folder / 'information_plane.png'}")


if __name__ == "__main__":
    main()
