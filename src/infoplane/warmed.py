"""Imported by the process that jobs are forked from (`warm.py`), for what it imports; libraries say nothing then."""

import os
import sys

from infoplane.warm import PATH, STAGES, imported, silent

sys.path[:] = os.environ[PATH].split(os.pathsep)
with silent():
    imported(os.environ[STAGES].split(","))
