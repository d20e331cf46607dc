"""E19xx: reports and comparisons of runs."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop as _n

ENTRIES = (
    Entry(
        code="E1901",
        exit=Exit.USAGE,
        says=_("The project has no run called {run}."),
        hint=_("Near it are: {near}. List them with: cauce runs"),
        explanation=_(
            "A run is named by the moment it began and six random digits. Its whole name will do, how it "
            "begins or its last six digits where only one run has them, and `latest`."
        ),
    ),
    Entry(
        code="E1902",
        exit=Exit.USAGE,
        says=_n(
            "{count} run is called {run}.",
            "{count} runs begin or end with {run}.",
        ),
        hint=_("Write more of the name. They are: {choices}"),
        explanation=_(
            "Part of a run's name is enough where it fits one run only. Here it fits several, and taking "
            "any of them could show you the wrong one."
        ),
    ),
    Entry(
        code="E1903",
        exit=Exit.CONFIG,
        says=_("The project {project} has no run yet."),
        hint=_("Run: cauce run"),
        explanation=_(
            "A report and a comparison are about runs. Run the project first. Runs of other projects in the "
            "same store do not count."
        ),
    ),
    Entry(
        code="E1904",
        exit=Exit.DATA,
        says=_("There is nothing to tell of the run {run}: what it finished is not in the store."),
        hint=_("Run the project again: cauce run. Then report that run."),
        explanation=_(
            "A report is made of what the steps of a run left in the store. This run stopped before its "
            "first step was finished, or what it made was deleted since."
        ),
    ),
    Entry(
        code="E1905",
        exit=Exit.USAGE,
        says=_("{path} is no name for a page: it must end in .html."),
        hint=_("Name the file with the ending .html; its JSON is written beside it."),
        explanation=_(
            "A report is an HTML page that a browser opens by its ending. The same as JSON is written "
            "beside it, under the same name with the ending .json."
        ),
    ),
    Entry(
        code="E1906",
        exit=Exit.CANNOT_CREATE,
        says=_("{path} exists already and is no page that Cauce wrote."),
        hint=_("Choose another name, or remove the file yourself."),
        explanation=_(
            "A report replaces an earlier report under the same name. Any other file is left as it is, so "
            "that a slip of the keyboard costs no work."
        ),
    ),
    Entry(
        code="E1907",
        exit=Exit.USAGE,
        says=_("A comparison needs two runs with a model or more; {found} was found."),
        hint=_("Name two runs, or run the project with other settings first: cauce runs lists them."),
        explanation=_(
            "Comparing is putting runs side by side, so there must be two or more, each with an evaluated "
            "model. A run named twice counts once. Runs that failed before their model was evaluated have "
            "no metrics to compare."
        ),
    ),
    Entry(
        code="E1908",
        exit=Exit.DATA,
        says=_("The run {run} has no evaluated model to compare."),
        hint=_("Choose other runs: cauce runs lists them, with the metric of those that have one."),
        explanation=_(
            "Runs are compared by their metrics, and this one stopped before its model was evaluated. Its "
            "report says how far it came: cauce report and the name of the run."
        ),
    ),
)
