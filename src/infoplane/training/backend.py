"""TensorFlow and Keras, set up once: every module of this room takes them from here.

One training job keeps to one core: a condition is split over jobs (`replicates_per_job`), and jobs fill the cores
better than threads fill such small kernels (docs/performance.md).
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors are raised, too
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

__all__ = ["device", "keras", "limits", "settle", "tf"]

# Of x86-64: what a portable training compiles for and lets oneDNN use, whatever more the processor has. YNNPACK, which
# else computes XLA's products, cannot be told.
COMMON_ISA = "AVX2"
PORTABLE = f"--xla_cpu_max_isa={COMMON_ISA} --xla_cpu_prefer_vector_width=256 --xla_cpu_experimental_ynn_fusion_type="
# XLA's default is 256 bits; processors without wider vectors ignore the wish.
WIDEST = "--xla_cpu_prefer_vector_width=512"


def limits(portable: bool) -> dict[str, str]:
    """Environment variables that say what XLA and oneDNN compile for."""
    if portable and platform.machine() in ("x86_64", "AMD64"):
        return {"XLA_FLAGS": PORTABLE, "ONEDNN_MAX_CPU_ISA": COMMON_ISA}
    return {"XLA_FLAGS": WIDEST}


def settle(portable: bool = True, programs: Path | None = None) -> None:
    """Fix what a result depends on, whatever keras.json and the environment say, and keep to one thread.

    `portable` keeps to the instructions that all x86-64 processors with AVX2 have, so that they give the same bytes. In
    `programs`, a folder, TensorFlow looks for compiled programs before it compiles, and leaves new ones. To be called
    before the first computation: threads, instructions and folder of a process that has computed before (a notebook)
    stay.
    """
    for name in ("TF_XLA_FLAGS", "XLA_FLAGS", "ONEDNN_MAX_CPU_ISA"):
        os.environ.pop(name, None)
    os.environ |= limits(portable)
    if programs is not None:
        os.environ["TF_XLA_FLAGS"] = f"--tf_xla_persistent_cache_directory='{programs}'"
    keras.config.set_dtype_policy("float32")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # the thread pools exist already
        return


def device() -> str:
    """What TensorFlow computes on, in words."""
    found = tf.config.list_physical_devices("GPU")
    if not found:
        return "the processor; TensorFlow finds no GPU"
    names = [tf.config.experimental.get_device_details(each).get("device_name", each.name) for each in found]
    return f"GPU: {', '.join(names)}"
