"""What is needed before the config is read: the library, and errors as lines."""

import sys

try:
    import infoplane.loading
    import infoplane.logs
    import infoplane.unexpected
except ModuleNotFoundError as error:
    sys.exit(
        f"{error.name} is not installed; `pip install -e .` in infoplane's folder does it"
    )


def told(function, *arguments):
    """What a function gives; what is wrong with the config or the machine ends the run with a line for each problem."""
    try:
        return function(*arguments)
    except ValueError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(infoplane.logs.one_line(error))
    except Exception as error:
        sys.exit(infoplane.unexpected.report(error))
