"""E10xx: features."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E1001",
        exit=Exit.CONFIG,
        says=_("{key} names {column}, which is neither a column nor a formula."),
        hint=_("Did you mean: {near}?"),
        explanation=_(
            "The project file speaks of a column that the data does not have. Names are case-sensitive and "
            "hold every blank. Formulas are new columns and can be named in the same way, but a step can "
            "only count from a column of the data."
        ),
    ),
    Entry(
        code="E1002",
        exit=Exit.CONFIG,
        says=_("The feature {feature} reads the column {column}, which is barred by its role: {role}."),
        hint=_("Remove it from the feature, or change the column's role if it is wrong."),
        explanation=_(
            "Columns of the target, columns known only after the target is, and dropped columns never reach "
            "a model: a feature made of them would look excellent in training and be absent or wrong when "
            "the model is used."
        ),
    ),
    Entry(
        code="E1003",
        exit=Exit.CONFIG,
        says=_("The step {step} of {column} works on {takes}, but gets {kind}."),
        hint=_("Choose another step, put one before it, or declare the column's kind in data.types."),
        explanation=_(
            "Every step works on some kinds of values: the logarithm on numbers, the length on texts, parts "
            "of dates on dates. If the column holds numbers or dates written as text, declare how they are "
            "written, so that they are read as what they are."
        ),
    ),
    Entry(
        code="E1004",
        exit=Exit.CONFIG,
        says=_(
            "The step {step} of {column} (kind {kind}) has a setting that does not fit, {setting}: {reason}."
        ),
        hint=_("Correct the setting, or declare the column's kind in data.types."),
        explanation=_(
            "Whether a setting fits depends on the kind of the column: a constant that stands in for missing "
            "values is of the column's kind, declared levels are values of it, and a moment to count from is "
            "a date or a datetime as the column is."
        ),
    ),
    Entry(
        code="E1005",
        exit=Exit.CONFIG,
        says=_("The formula {name} has the name of a column."),
        hint=_("Give the formula another name."),
        explanation=_(
            "A formula makes a new column. With the name of an existing one, nobody could tell which of the "
            "two a feature, a report or a scored row means."
        ),
    ),
    Entry(
        code="E1006",
        exit=Exit.CONFIG,
        says=_("There would be {count} features; at most {most} are possible."),
        hint=_("Use category, frequency or target_mean in place of one_hot, or lower its limit."),
        explanation=_(
            "One-hot encodings of columns with many levels make a table too wide to train on. A native "
            "category, a frequency or a target mean carries the same levels in a single feature."
        ),
    ),
    Entry(
        code="E1007",
        exit=Exit.DATA,
        says=_("There is no feature to learn from."),
        hint=_("Look at the roles in [data], at [features], and at columns that never change."),
        explanation=_(
            "Every column has another role, is excluded, never changes in the training rows, or was dropped "
            "by the variance filter. A model needs at least one feature."
        ),
    ),
    Entry(
        code="E1008",
        exit=Exit.DATA,
        says=_("The step {step} of {column} found more than {most} different values in the training rows."),
        hint=_("Leave the column out, use its text_length or bins, or join its values in a formula."),
        explanation=_(
            "Levels are counted exactly up to a limit that keeps the memory bounded. A column with more "
            "values is rather an identifier or a measurement than a set of levels, and what a model learns "
            "from single values of it does not carry over to new rows."
        ),
    ),
    Entry(
        code="E1009",
        exit=Exit.DATA,
        says=_("The features need the column {column} of kind {kind}; found: {found}."),
        hint=_("Give the table this column, in this kind."),
        explanation=_(
            "A model scores rows that have the columns it was trained on, in the same kinds. Every column "
            "that is absent (shown as -) or of another kind is listed, so that all can be mended at once."
        ),
    ),
    Entry(
        code="E1010",
        exit=Exit.CONFIG,
        says=_("The principal components {name} have the name of a column or formula."),
        hint=_("Give [features.pca.{name}] another name."),
        explanation=_(
            "Components are new features, called by the name of their table and a number: shape:1, shape:2. "
            "With the name of a column or formula, nobody could tell which of the two a report means."
        ),
    ),
    Entry(
        code="E1011",
        exit=Exit.CONFIG,
        says=_(
            "Components {name}: at least {components} number columns are needed, and there are {columns}."
        ),
        hint=_("Name more columns in features.pca.{name}.columns, or ask for fewer components."),
        explanation=_(
            "There are as many directions as there are columns, and of one column there is nothing to "
            'compress. With columns = "numbers", keys, groups, weights, the time column, excluded columns '
            "and those of the target are left out."
        ),
    ),
    Entry(
        code="E1012",
        exit=Exit.CONFIG,
        says=_("The principal components {name} are too many: {components} of {columns} columns."),
        hint=_("Name at most {most} columns, and columns times components up to {cells}."),
        explanation=_(
            "Each component of a row is a sum over every column, here and wherever the model is used. Beyond "
            "this size a single row would take longer than any service allows: choose the columns that "
            "belong together, in several tables of components where need be, or ask for fewer components."
        ),
    ),
    Entry(
        code="E1013",
        exit=Exit.DATA,
        says=_("The values of the principal components {name} are too large to be multiplied."),
        hint=_("Look at the largest values of {columns}; clip them or take their logarithm in a formula."),
        explanation=_(
            "Directions are found from products of the columns. Values around 1e154 and more have squares "
            "that no float can hold; they are faults of the data more often than not."
        ),
    ),
)
