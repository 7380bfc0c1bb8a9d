"""The information plane of a small convolutional network on scikit-learn's digits.

    python examples/digits_cnn.py [--epochs 200] [--folder digits_cnn]

Your own `keras.Model` and `fit` with `infoplane.ActivationRecorder`; then the measures and a figure, as the workflow
makes them. Takes under a minute on one core.
"""

import argparse
from pathlib import Path

import infoplane
from infoplane import stores
from infoplane.analyses.base import Run
from infoplane.condition import Condition
from infoplane.datasets.images import Digits
from infoplane.datasets.replicates import draw
from infoplane.figures.information_plane import InformationPlane
from infoplane.measures import ESTIMATORS


def main() -> None:
    """Train, record, measure, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path("digits_cnn"), help="where results go; must not exist")
    options = parser.parse_args()
    options.folder.mkdir()
    store = options.folder / "training.zarr.zip"

    import keras  # after infoplane, which chooses its TensorFlow backend

    keras.utils.set_random_seed(1)
    dataset = draw(Digits(kind="digits").distribution(), seed=1, replicates=1)  # with labels, and an order to split by
    x, digit = dataset.x.values.reshape(-1, 8, 8, 1), dataset.label.values[0]
    trained = dataset.order.values[0] < 0.85 * len(x)
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
    recorder = infoplane.ActivationRecorder(store, x, digit, trained=trained, snapshots=30)
    model.fit(x[trained], digit[trained], batch_size=64, epochs=options.epochs, verbose=0, callbacks=[recorder])

    binned = ESTIMATORS["binned"](kind="binned", bins=10)
    measured = binned.measure(stores.open_tree(store), dataset)
    condition = Condition(hidden=(288, 10, 5), epochs=options.epochs, replicates=1)
    plane = InformationPlane(kind="information_plane")
    figure = plane.draw(plane.analysis().analyse([Run("", condition, {}, {"binned": measured})])).figure
    for suffix in ("pdf", "png"):
        figure.savefig(options.folder / f"information_plane.{suffix}", dpi=300)
    last = stores.open_dataset(store).isel(replicate=0, epoch=-1)
    print(f"test error {float(last.test_error):.3f}; see {options.folder / 'information_plane.png'}")


if __name__ == "__main__":
    main()
