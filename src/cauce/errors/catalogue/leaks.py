"""E18xx: what the leak gate finds."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

_BAR = _(
    "If it is known only after the target, write data.known_after = {list}; "
    "if not, features.acknowledged = {list}."
)

ENTRIES = (
    Entry(
        code="E1801",
        exit=Exit.GATE,
        says=_(
            "{column} alone all but decides {target}: it explains {explained} % of the uncertainty in {rows} "
            "rows, each guessed from others."
        ),
        hint=_BAR,
        explanation=_(
            "One column that nearly gives the answer away is, in most tables, a consequence of it: a date "
            "of closing, an amount paid, a status, an identifier in the order of the classes. A model would "
            "look excellent here and fail where the column is not known yet. Values were grouped on one "
            "half of the rows and judged on the other, so names and numbers that never repeat raise no "
            "alarm. If you know that the column is there before the prediction, acknowledge it by name."
        ),
    ),
    Entry(
        code="W1801",
        exit=Exit.OK,
        says=_(
            "{column} alone explains {explained} % of the uncertainty about {target}, which is unusual: make "
            "sure that it is known before."
        ),
        hint=_BAR,
        explanation=_(
            "A single column this strong is often honest in small tables of measurements and seldom in "
            "tables of events. The run goes on. Ask when its value is written down: before the moment of the "
            "prediction, or after it."
        ),
    ),
    Entry(
        code="E1802",
        exit=Exit.GATE,
        says=_("{column} is {target} itself in {share} % of the rows where both are given (times {factor})."),
        hint=_BAR,
        explanation=_(
            "The column repeats the number to be predicted, perhaps times a constant such as a tax, in far "
            "more rows than chance would have it. What was paid, invoiced or budgeted is often filled in "
            "from the very value you want to predict. If it is known before, acknowledge it by name."
        ),
    ),
    Entry(
        code="E1803",
        exit=Exit.GATE,
        says=_("{first} {operator} {second} is {target} in {share} % of the rows."),
        hint=_BAR,
        explanation=_(
            "The number to be predicted is calculated from two columns that are features: a profit from "
            "income and cost, a duration from two times. A model would learn the sum by heart, and not the "
            "world. One of the two is known too late; bar it."
        ),
    ),
    Entry(
        code="E1804",
        exit=Exit.GATE,
        says=_(
            "{column} is missing only where {target} is missing: in {nulls} of the {missing} rows without a "
            "target."
        ),
        hint=_BAR,
        explanation=_(
            "A value that is there exactly where the target is there comes into being with it: the delay at "
            "departure of flights that flew, the end of a contract that ended. It will not be there when you "
            "predict. If it is known before all the same, acknowledge it by name."
        ),
    ),
    Entry(
        code="E1805",
        exit=Exit.GATE,
        says=_(
            "Where {column} is {levels}, {target} is always {outcome}: {rows} rows, {share} % of all "
            "that are {outcome}, and {exceptions} exceptions."
        ),
        hint=_BAR,
        explanation=_(
            "A value, or its absence, decides the target without exception in more rows than chance allows, "
            "and covers most of a class. Such a column is usually filled in when the outcome is known. If it "
            "is known before, acknowledge it by name."
        ),
    ),
    Entry(
        code="W1805",
        exit=Exit.OK,
        says=_(
            "Where {column} is {levels}, {target} is always {outcome}: {rows} rows, {exceptions} exceptions, "
            "where chance would give {expected}."
        ),
        hint=_(
            "If those rows are decided before anyone predicts, leave them out; if the column is known only "
            "after, write data.known_after = {list}."
        ),
        explanation=_(
            "Some values decide the target without exception: patients who died are not readmitted. Such "
            "rows make a score look better than it is on the rows that matter, and nobody needs a model for "
            "them. The run goes on; leave these rows out of the data if they are not what you predict."
        ),
    ),
    Entry(
        code="E1806",
        exit=Exit.GATE,
        says=_(
            "{share} % of the test rows share their {column} with training or validation rows, and rows of "
            "one {column} are alike: they agree on {attribute} in {agreement} % (others: {chance} %)."
        ),
        hint=_(
            'Write data.group = {one} and split.kind = "group"; if new rows will be of known ones, '
            "features.acknowledged = {list}."
        ),
        explanation=_(
            "The column names something that comes back, such as a patient or a supplier. Under this split "
            "its rows are on both sides, so a model that knows them by heart scores well in the test and not "
            "on new ones. A split by group keeps each of them on one side. If the model will only ever meet "
            "those it knows, acknowledge the column by name."
        ),
    ),
    Entry(
        code="E1807",
        exit=Exit.GATE,
        says=_("{share} % of the test rows are, but for {column}, equal to training or validation rows."),
        hint=_(
            "Remove data.key, so that equal rows share a fold, or remove the duplicates; to keep them, write "
            "features.acknowledged = {list}."
        ),
        explanation=_(
            "Rows that differ in nothing but their key lie on both sides of the split, because the split "
            "goes by the key. A model that has seen a row gets its copy right. Without a key, rows are "
            "placed by their content, and duplicates stay together."
        ),
    ),
    Entry(
        code="W1807",
        exit=Exit.OK,
        says=_("{share} % of the test rows are, but for {column}, equal to training or validation rows."),
        hint=_("Remove data.key, so that equal rows share a fold, or remove the duplicates."),
        explanation=_(
            "A few rows differ in nothing but their key and lie on both sides of the split. The score is a "
            "little too good."
        ),
    ),
    Entry(
        code="W1808",
        exit=Exit.OK,
        says=_(
            "{column} is a feature and has another value in nearly every row, as identifiers have: a model "
            "can learn rows by heart from it."
        ),
        hint=_("If it is an identifier, write features.exclude = {list}, or name it in data.key."),
        explanation=_(
            "Values that never come back tell nothing about new rows. A model may still use them, above all "
            "where they grow with time, and then does worse than without."
        ),
    ),
    Entry(
        code="W1809",
        exit=Exit.OK,
        says=_("The target {target} is made of {columns}: barred from the features."),
        hint=_("Nothing is to be done."),
        explanation=_(
            "The columns of a target's formula would give the answer away, so none of them becomes a "
            "feature, whatever the project file says."
        ),
    ),
)
