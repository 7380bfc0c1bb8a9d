"""Imported by the process that jobs are forked from (`warm.py`), for what it imports; libraries say nothing then."""

import os

from infoplane.warm import STAGES, imported, silent

with silent():
    imported(os.environ[STAGES].split(","))
