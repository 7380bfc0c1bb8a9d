"""The same bytes on any x86-64 processor with AVX2, as far as one machine can show it: by hiding what it has beyond."""

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).parent / "portable_child.py"
CPUINFO = Path("/proc/cpuinfo")
# numpy, OpenBLAS, glibc's mathematics and oneDNN as they would choose their code on a processor without AVX-512
HIDDEN = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


def trained(folder, portable, **variables):
    """The digest of the bytes of a training."""
    folder.mkdir()
    store = folder / "training.zarr.zip"
    command = [sys.executable, str(CHILD), str(store), portable]
    subprocess.run(command, env=os.environ | variables, check=True, stderr=subprocess.DEVNULL)
    return hashlib.sha256(store.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def portable(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("portable") / "as it is", "true")


def test_a_portable_training_does_not_ask_what_more_the_processor_has(portable, tmp_path):
    assert trained(tmp_path / "hidden", "true", **HIDDEN) == portable


def test_nor_what_the_environment_says_of_xla(portable, tmp_path):
    assert (
        trained(tmp_path / "other", "true", XLA_FLAGS="--xla_cpu_max_isa=SSE4_2", ONEDNN_MAX_CPU_ISA="SSE41")
        == portable
    )


def test_any_other_takes_what_there_is(portable, tmp_path):
    if platform.machine() != "x86_64" or not CPUINFO.exists() or "avx512f" not in CPUINFO.read_text():
        pytest.skip("the processor has nothing beyond AVX2")
    assert trained(tmp_path / "widest", "false") != portable
