"""TensorFlow and Keras, set up once: every module of this room takes them from here.

One training job keeps to one core: a condition is split over jobs (`replicates_per_job`), and jobs fill the cores
better than threads fill such small kernels (docs/performance.md).
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"
# XLA's default on x86 is 256 bits; processors without wider vectors ignore the wish.
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_prefer_vector_width=512".strip()

import keras
import tensorflow as tf

__all__ = ["keras", "tf", "use_one_core"]


def use_one_core() -> None:
    """Give TensorFlow one thread; without effect where a computation has already started in this process."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # the thread pools exist already: a notebook, or an earlier training in this process
        return
