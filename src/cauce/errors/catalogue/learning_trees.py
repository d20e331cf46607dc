"""E0850 to E0869: forests and monotone constraints."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E0850",
        exit=Exit.CONFIG,
        says=_("monotone names {name}, but the target has {classes} classes."),
        hint=_("Leave `monotone` out, or predict one class against the rest with target.formula."),
        explanation=_(
            "A constraint says that the prediction only rises, or only falls, with a feature. With more than "
            "two classes the probabilities add up to 1, so that not all of them can rise, and nothing says "
            "which should. With two classes it is the positive class's probability that is constrained."
        ),
    ),
    Entry(
        code="E0851",
        exit=Exit.CONFIG,
        says=_("monotone names {name}, but no feature is called so or made of such a column."),
        hint=_("Features there are: {known}."),
        explanation=_(
            "Constraints name a column, a formula of [features.formulas] or a feature. The name was written "
            "otherwise, or the column is the target, a key, excluded or dropped, so that the model never "
            "sees it. `cauce plan` lists the features."
        ),
    ),
    Entry(
        code="E0852",
        exit=Exit.CONFIG,
        says=_("monotone names {name}, which is a category: its levels have no order."),
        hint=_("Leave it out; or give the levels numbers of your own with a formula, and constrain that."),
        explanation=_(
            "To rise with a feature means something only where its values have an order. The levels of a "
            "category have none. If they do in truth (small, medium, large), a formula can say so: "
            'if_else(size == "large", 3, if_else(size == "medium", 2, 1)).'
        ),
    ),
    Entry(
        code="E0853",
        exit=Exit.CONFIG,
        says=_("monotone names the column {name}, but its feature {feature} need not rise with it."),
        hint=_("Constrain features by their own names, or leave {feature} out of the features."),
        explanation=_(
            "A constraint on a column promises that the prediction never moves the other way when only this "
            "column grows. That holds if every feature made of it grows with it: as it is, filled, scaled, "
            "as a logarithm, limited, in bins. Parts of a date, levels, means of the target and formulas "
            "that read the column need not."
        ),
    ),
    Entry(
        code="E0854",
        exit=Exit.DATA,
        says=ngettext_noop(
            "A forest of {trees} tree like the first would take {megabytes} MB; {most} MB is the most.",
            "A forest of {trees} trees like the first would take {megabytes} MB; {most} MB is the most.",
            by="trees",
        ),
        hint=_("Raise min_child_weight, or lower max_depth or trees."),
        explanation=_(
            "Deep trees on many rows have a leaf for every few rows, and of several classes each has its own "
            "trees. A model of that size is slow to load and to score, and seldom better than one whose "
            "leaves hold more rows. It is measured on the first tree, before the others are grown."
        ),
    ),
)
