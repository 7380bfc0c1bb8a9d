"""Keeps account of what each Python process of a run spends: Python imports this by itself, from PYTHONPATH.

At its end a process writes one JSON file into the folder $SPENT: its script's stage (or its program), its core-seconds
and those of them that went into imports, compiling, reading and writing, its wall seconds, its peak memory. Where one
phase is within another, the outer one counts. The phases go by names of TensorFlow, Zarr and both commits' infoplane;
a name that one of them lacks is passed over.
"""

import atexit
import builtins
import functools
import importlib
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path

TENSORFLOW = "tensorflow.python.eager.polymorphic_function.polymorphic_function"
SELECTIONS = ("basic", "block", "coordinate", "mask", "orthogonal")
PHASES = {
    "zarr.core.array": {
        **{f"Array.get_{kind}_selection": "read" for kind in SELECTIONS},
        **{f"Array.set_{kind}_selection": "write" for kind in SELECTIONS},
    },
    "infoplane.training.native": {"compiled": "compile"},
    "infoplane.training.store": {f"Store.{name}": "write" for name in ("create", "write_activation", "finish")},
    "infoplane.training.checkpoint": {f"Checkpoint.{name}": "write" for name in ("save", "release", "remove")},
    "infoplane.stores": {"write": "write", "pack": "write", "open_dataset": "read", "open_tree": "read"},
    "infoplane.artifacts": {
        **dict.fromkeys(("checked", "read_manifest", "open_dataset", "open_tree", "of_today"), "read"),
        **dict.fromkeys(("files", "digest", "_to_disk", "write_dataset", "write_bytes"), "write"),
    },
}

_spent = {}
_state = threading.local()
_pending = dict(PHASES)
_since = time.monotonic()
_import, _import_module, _exit = builtins.__import__, importlib.import_module, os._exit


def _of(threads):
    """Core-seconds of some threads; of one that has just ended, none."""
    total = 0.0
    for thread in threads:
        try:
            total += time.clock_gettime((~thread.native_id << 3) | 6)  # Linux: the clock of a thread
        except (OSError, TypeError):
            continue
    return total


def _clock():
    """Core-seconds of this thread and of those that work for it.

    Zarr's work for whoever writes, all that Python does not know of (compiling) for the main thread.
    """
    main, others = threading.main_thread(), threading.enumerate()
    zarr = [thread for thread in others if thread.name.startswith("zarr")]
    if threading.current_thread() is main:
        return time.process_time() - _of(t for t in others if t is not main and t not in zarr)
    return time.thread_time() + _of(zarr)


def _counted(function, phase, arguments, options):
    """Call a function; what it spends belongs to a phase, which may be told by the call."""
    if getattr(_state, "within", False):
        return function(*arguments, **options)
    _state.within, start = True, _clock()
    try:
        return function(*arguments, **options)
    finally:
        _state.within = False
        if name := phase() if callable(phase) else phase:
            _spent[name] = _spent.get(name, 0.0) + _clock() - start


def _counting(owner, name, phase):
    function = getattr(owner, name, None)
    if function is None:
        return

    @functools.wraps(function)
    def counting(*arguments, **options):
        return _counted(function, phase, arguments, options)

    setattr(owner, name, counting)


def _importing(function):
    @functools.wraps(function)
    def importing(*arguments, **options):
        if getattr(_state, "within", False):
            return function(*arguments, **options)
        try:
            return _counted(function, "import", arguments, options)
        finally:
            _follow()

    return importing


def _follow():
    """Count what the modules do that have been imported since."""
    for name in [name for name in _pending if name in sys.modules]:
        module = sys.modules[name]
        if getattr(module.__spec__, "_initializing", False):
            continue
        for path, phase in _pending.pop(name, {}).items():
            owner, _, attribute = path.rpartition(".")
            if holder := getattr(module, owner, None) if owner else module:
                _counting(holder, attribute, phase)
    if TENSORFLOW in sys.modules and not hasattr(_follow, "tensorflow"):
        _follow.tensorflow = True
        _follow_tensorflow(sys.modules[TENSORFLOW].Function)


def _follow_tensorflow(function):
    """A call that traces anew also compiles, and runs once; every other call computes."""
    call = function.__call__

    @functools.wraps(call)
    def calling(self, *arguments, **options):
        traced = self.experimental_get_tracing_count()

        def phase():
            return "compile" if self.experimental_get_tracing_count() > traced else None

        return _counted(call, phase, (self, *arguments), options)

    function.__call__ = calling


def _forget():
    """A forked process has spent nothing yet."""
    global _since
    _spent.clear()
    _state.within, _since = False, time.monotonic()


def _what():
    """The stage of a script (Snakemake names its copy tmpXXXX.training.py), else the program."""
    name = Path(sys.argv[0] if getattr(sys, "argv", None) else "").name
    if name.startswith("tmp") and name.endswith(".py"):
        return name.split(".")[-2]
    return "snakemake" if Path(sys.argv[0]).parent.name == "snakemake" else "other"


def _tell():
    path = Path(os.environ["SPENT"]) / f"{os.getpid()}-{_since}.json"  # numbers of processes recur
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "what": _what(),
        "cpu": used.ru_utime + used.ru_stime,
        "phases": _spent,
        "wall": time.monotonic() - _since,
        "memory": used.ru_maxrss / 1024,
    }
    path.write_text(json.dumps(told))


def _ending(code):
    _tell()
    _exit(code)


if "SPENT" in os.environ:
    builtins.__import__, importlib.import_module = _importing(_import), _importing(_import_module)
    os._exit = _ending  # a forked process ends so
    os.register_at_fork(after_in_child=_forget)
    atexit.register(_tell)
