"""What someone asks for by a name in the view or by an id."""

ASKED = []


def granted(init):
    """How Snakemake's graph begins, with `asked` in place of targets that no rule makes.

    They are names in the view, where another version may still be shown, and what is made: Snakemake finds no rule for
    it, and takes a target without one for a mistake.
    """
    by_rule = workflow.modifier.modify_rulename("asked")
    folders = {str(RESULTS / name): shown_by(name) for name in SHOWN}
    for artifacts in PLAN.stages.values():
        made = [
            place(artifact) for artifact in artifacts.values() if not needed(artifact)
        ]
        folders.update(zip(made, made))

    @functools.wraps(init)
    async def of_what_is_there(self, *arguments, **options):
        asked = {file for file in self.targetfiles if os.path.relpath(file) in folders}
        if asked and workflow.is_rule(by_rule):
            ASKED.extend(sorted(folders[os.path.relpath(file)] for file in asked))
            self.targetfiles -= asked
            self.targetrules |= {workflow.get_rule(by_rule)}
        await init(self, *arguments, **options)

    return of_what_is_there


def shown_by(name):
    """The folder of the artifact that a name in the view shows."""
    return str((RESULTS / SHOWN[name]).parent)


if workflow.is_main_process:
    DAG.init = granted(DAG.init)
