"""E06xx: plans and their execution."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E0601",
        exit=Exit.INTERRUPTED,
        says=ngettext_noop(
            "Interrupted in the step {step}; {finished} of {steps} steps is finished.",
            "Interrupted in the step {step}; {finished} of {steps} steps are finished.",
            by="finished",
        ),
        hint=_("Run again to go on: finished steps are kept."),
        explanation=_(
            "The run was stopped by Ctrl-C or a signal. Each finished step has its record in the store "
            "and is not run again; the step that was interrupted starts over."
        ),
    ),
    Entry(
        code="E0602",
        exit=Exit.SOFTWARE,
        says=_("The plan has two steps named {step}."),
        hint=_("Give each step a name of its own."),
        explanation=_(
            "Steps refer to each other by name, so each name stands for one step. Plans made from a "
            "project file never say this; it means that a plan made in Python is wrong."
        ),
    ),
    Entry(
        code="E0603",
        exit=Exit.SOFTWARE,
        says=_("Input {input} of step {step} is made by {earlier}, which does not come before it."),
        hint=_("Put {earlier} before {step}."),
        explanation=_(
            "A plan is an ordered list of steps, and a step can only take what an earlier one made. Plans "
            "made from a project file never say this; it means that a plan made in Python is wrong."
        ),
    ),
    Entry(
        code="E0604",
        exit=Exit.SOFTWARE,
        says=_("Step {step} returned something for {output} that a record cannot keep."),
        hint=_("Store large results under a key and return a reference to them."),
        explanation=_(
            "A step's record holds references to snapshots, objects and bundles in the store, and small "
            "JSON values of at most 64 KiB. Anything else would not be there for the next run."
        ),
    ),
    Entry(
        code="E0605",
        exit=Exit.SOFTWARE,
        says=_("Step {step} made no {output}, which a later step needs."),
        hint=_("Return {output} from the action of {step}, or raise the step's version."),
        explanation=_(
            "A later step refers to an output by a name under which the earlier step returned nothing. "
            "Where the step's code changed its outputs, its version must be raised, or an old record is "
            "used."
        ),
    ),
    Entry(
        code="E0606",
        exit=Exit.SOFTWARE,
        says=_("A value cannot be written as JSON: {reason}."),
        hint=_("Use text, finite numbers, true, false, null, lists and tables with text as keys."),
        explanation=_(
            "What identifies a step and what a record keeps is JSON, so that it means the same on every "
            "machine. NaN and infinities are no JSON numbers."
        ),
    ),
    Entry(
        code="E0607",
        exit=Exit.SOFTWARE,
        says=_("Nothing is known that does the step {step}."),
        hint=_("Pass an action of that name to run_plan."),
        explanation=_(
            "A plan says what is to be done and the actions say how, by the same names. Plans made from a "
            "project file never say this; it means that a run made in Python lacks an action."
        ),
    ),
)
