"""E11xx: the target, its task, and splits."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E1101",
        exit=Exit.CONFIG,
        says=_("The target {target} is a {kind}, which cannot be predicted."),
        hint=_("Predict a number or a class instead, for example a part of the date by target.formula."),
        explanation=_(
            "A target is a number, a boolean, or a text whose values are classes. A date or datetime is "
            "none of these; a formula can turn it into one, such as weekday(column) or a comparison."
        ),
    ),
    Entry(
        code="E1102",
        exit=Exit.DATA,
        says=_("The target {target} is null in every row."),
        hint=_("Check target.column or target.formula, and the texts declared in data.missing."),
        explanation=_(
            "There is nothing to learn from: no row has a target. Either the wrong column was named, or "
            "every one of its values was read as missing."
        ),
    ),
    Entry(
        code="E1103",
        exit=Exit.CONFIG,
        says=_("The target {target} is text and cannot be predicted as a number."),
        hint=_("Declare its kind in data.types, or choose another target.task."),
        explanation=_(
            "target.task is regression, but the target's values are text. If they are numbers written "
            "in a local format, declare the decimal mark or the column's kind so that they are "
            "read as numbers."
        ),
    ),
    Entry(
        code="E1104",
        exit=Exit.DATA,
        says=_("The target {target} has one single value."),
        hint=_("Check the target, or bring rows of at least one more value."),
        explanation=_(
            "A classifier needs at least two classes, and a number to predict must differ between rows. All "
            "rows with a target have the same one, so every model would say the same and no metric would "
            "mean anything."
        ),
    ),
    Entry(
        code="E1105",
        exit=Exit.DATA,
        says=_("The target {target} has more than {most} different values, too many for classes."),
        hint=_("Declare it as a number in data.types if it is one, or join rare classes in target.formula."),
        explanation=_(
            "Classes are texts, booleans or whole numbers, at most a thousand of them. A target with more "
            "values is rather a number to predict, an identifier or free text. A number that was read as "
            "text is often written in a local format: declare data.decimal or data.types; a number is "
            "predicted as one with target.task = regression."
        ),
    ),
    Entry(
        code="E1106",
        exit=Exit.CONFIG,
        says=_("The positive class {positive} is not a value of the target {target}."),
        hint=_("Its values are: {classes}."),
        explanation=_(
            "target.positive names the class whose probability is predicted. It must be one of the "
            "target's values, written exactly as in the data."
        ),
    ),
    Entry(
        code="E1107",
        exit=Exit.DATA,
        says=ngettext_noop(
            "The target {target} is infinite in {count} row.",
            "The target {target} is infinite in {count} rows.",
        ),
        hint=_("Limit the target in target.formula, or correct the source."),
        explanation=_(
            "An infinite value is no class, and a regression on it has no finite error. Such values often "
            "come from a division by zero or a logarithm of zero in the formula."
        ),
    ),
    Entry(
        code="E1108",
        exit=Exit.CONFIG,
        says=_("The task is binary, but the target {target} has {count} classes."),
        hint=_("Declare target.positive to predict it against the rest, or set target.task to multiclass."),
        explanation=_(
            "A binary task has two classes. With more of them, name the positive one: the others are then "
            "joined. Or predict all of them as a multiclass task."
        ),
    ),
    Entry(
        code="E1109",
        exit=Exit.CONFIG,
        says=_("A stratified split needs classes, and the target {target} is a number."),
        hint=_("Set split.kind to random, group or time."),
        explanation=_(
            "A stratified split keeps each class's share in every fold. A regression has no classes; a "
            "random split gives folds whose targets are distributed alike."
        ),
    ),
    Entry(
        code="E1110",
        exit=Exit.DATA,
        says=ngettext_noop(
            "The class {name} has {count} row, too few for the {folds} folds of a stratified split.",
            "The class {name} has {count} rows, too few for the {folds} folds of a stratified split.",
        ),
        hint=_("Join rare classes in target.formula, bring more rows, or set split.kind to random."),
        explanation=_(
            "Every fold of a stratified split has at least one row of each class. A class with fewer rows "
            "than folds cannot be divided so, and Cauce does not pretend that it was."
        ),
    ),
    Entry(
        code="E1111",
        exit=Exit.DATA,
        says=_(
            "The class {name} cannot be divided exactly: equal rows put a fold off by {off} or more rows."
        ),
        hint=_("Declare data.key so that rows differ, or set split.kind to random."),
        explanation=_(
            "Rows that are equal, or have the same key, always share a fold, so that no copy of a training "
            "row is tested. Here so many are equal that a fold would be empty, or off its share of the class "
            "by more than a row."
        ),
    ),
    Entry(
        code="E1112",
        exit=Exit.DATA,
        says=ngettext_noop(
            "The time column {column} is null or NaN in {count} row that has a target.",
            "The time column {column} is null or NaN in {count} rows that have a target.",
        ),
        hint=_("Remove or correct these rows, or choose another split.kind."),
        explanation=_(
            "A split by time needs the time of every row: one without it could be earlier or later than "
            "any other, and neither training nor testing on it would be honest."
        ),
    ),
    Entry(
        code="E1113",
        exit=Exit.CONFIG,
        says=_("The time column {column} is of kind {kind}, which has no order in time."),
        hint=_("Declare its format in data.date_formats or its kind in data.types."),
        explanation=_(
            "A split by time orders the rows by a date, a datetime or a number. A text is none of these: "
            "tell how it is written, so that it is read as a date."
        ),
    ),
    Entry(
        code="E1114",
        exit=Exit.DATA,
        says=ngettext_noop(
            "The time column {column} has {count} single value, too few for {folds} folds.",
            "The time column {column} has {count} different values, too few for {folds} folds.",
        ),
        hint=_("Use a finer time column, or choose another split.kind."),
        explanation=_(
            "Rows of equal time stay together in a split by time, so there must be at least as many "
            "different times as folds, among the rows that have a target."
        ),
    ),
    Entry(
        code="E1115",
        exit=Exit.DATA,
        says=ngettext_noop(
            "The weight column {column} is null, negative or infinite in {count} row.",
            "The weight column {column} is null, negative or infinite in {count} rows.",
        ),
        hint=_("Correct these weights; a weight of 0 leaves a row out."),
        explanation=_(
            "A row's weight says how much it counts, from 0 upwards. A missing or negative weight has no "
            "meaning, and guessing one would change the model silently."
        ),
    ),
    Entry(
        code="E1116",
        exit=Exit.CONFIG,
        says=_("The target {target} holds numbers with a fraction, which are no classes."),
        hint=_("Set target.task to regression, or make classes of it in target.formula."),
        explanation=_(
            "Classes are texts, booleans or whole numbers. A number with a fraction is something to predict "
            "as a number; a comparison in target.formula, such as price > 2.5, makes two classes of it."
        ),
    ),
    Entry(
        code="E1117",
        exit=Exit.DATA,
        says=_("By {columns}, {count} rows belong together but would be in different folds."),
        hint=_("Set split.kind to group or random, which keep them together."),
        explanation=_(
            "A stratified split has limits of its own for each class, so rows of one key or group whose "
            "classes differ may end in different folds: a patient would be trained on and tested. A random "
            "split or one by group looks at the key alone and keeps such rows together."
        ),
    ),
    Entry(
        code="E1118",
        exit=Exit.DATA,
        says=_("The weight column {column} is 0 in every training row."),
        hint=_("Check the column, or leave data.weight out."),
        explanation=_(
            "A row of weight 0 counts for nothing. Where all training rows have it, nothing can be learned "
            "from them."
        ),
    ),
)
