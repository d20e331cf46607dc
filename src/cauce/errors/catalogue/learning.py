"""E08xx: fitting models and scoring with them."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E0801",
        exit=Exit.DATA,
        says=_("There are no rows to train on."),
        hint=_("Look at the split, and at the rows left out for a null target or a weight of 0."),
        explanation=_(
            "After rows without a target and rows of weight 0 were left out, no row is in the training "
            "part. A model cannot be fitted to nothing: check the split's shares, the filter and the target."
        ),
    ),
    Entry(
        code="E0802",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Early stopping after {rounds} round is asked for, but there are no validation rows.",
            "Early stopping after {rounds} rounds is asked for, but there are no validation rows.",
            by="rounds",
        ),
        hint=_("Give the split a validation share, or turn early stopping off."),
        explanation=_(
            "Early stopping keeps the round with the best score on validation rows. Training rows cannot "
            "take their place: on them more rounds always look better. Rows of weight 0 do not count."
        ),
    ),
    Entry(
        code="E0803",
        exit=Exit.DATA,
        says=_("The training rows hold one class only, of the {classes} of column {column}."),
        hint=_("Check the positive class, the filter and the split; a constant needs no model."),
        explanation=_(
            "A classifier learns what tells classes apart, so at least two of them must occur in the "
            "training rows. A wrong positive class, a filter or a split by time is the usual cause."
        ),
    ),
    Entry(
        code="E0804",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Column {column} holds {count} label that is not {allowed}.",
            "Column {column} holds {count} labels that are not {allowed}.",
        ),
        hint=_("Leave rows without a target out, and list every class in the target's classes."),
        explanation=_(
            "Labels are class numbers from 0 for a classification and finite numbers within 32-bit floating "
            "point for a regression. Null, NaN, infinite or unknown labels would silently become something "
            "else, so the fit stops before it starts."
        ),
    ),
    Entry(
        code="E0805",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Column {column} holds {count} weight that is null, negative or not finite.",
            "Column {column} holds {count} weights that are null, negative or not finite.",
        ),
        hint=_("A weight is 0 or more; a row of weight 0 is left out."),
        explanation=_(
            "A weight says how many times a row counts. Null, negative and infinite weights have no such "
            "meaning. Fill them in the data or derive the column with a formula."
        ),
    ),
    Entry(
        code="E0806",
        exit=Exit.CONFIG,
        says=_("There is no feature to learn from."),
        hint=_("Declare features, or keep at least one column that is neither target, key nor dropped."),
        explanation=_(
            "Every column was taken as target, key, group, time or weight, was dropped, or was removed "
            "by the variance filter. Look at the features listed in `cauce plan`."
        ),
    ),
    Entry(
        code="E0807",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Column {column} holds {count} code that is not a whole number from 0 to {last}.",
            "Column {column} holds {count} codes that are not whole numbers from 0 to {last}.",
        ),
        hint=_("Category codes come from the feature's own levels; this is worth reporting."),
        explanation=_(
            "A native category is a code numbered from 0 within the levels learned on the training rows, or "
            "null. A code beyond them would be taken for another category, so the fit stops."
        ),
    ),
    Entry(
        code="E0808",
        exit=Exit.UNAVAILABLE,
        says=ngettext_noop(
            "There is not enough memory to train on these rows of {features} feature.",
            "There is not enough memory to train on these rows of {features} features.",
            by="features",
        ),
        hint=_("Use fewer features or rows, a smaller max_bin, or a machine with more memory."),
        explanation=_(
            "Training holds one to five bytes a value, and some 40 bytes a row for each output, in memory. "
            "Batches are streamed, so the input itself need not fit."
        ),
    ),
    Entry(
        code="E0809",
        exit=Exit.UNAVAILABLE,
        says=_("device = {device} is asked for, but {reason}."),
        hint=_('Use device = "cpu", or install the package `xgboost` on a machine with an NVIDIA GPU.'),
        explanation=_(
            "Training on a GPU needs a CUDA build of XGBoost (the package `xgboost`, not `xgboost-cpu`; "
            "never both) and a visible GPU. XGBoost itself would fall back to the CPU and not say so."
        ),
    ),
    Entry(
        code="E0810",
        exit=Exit.SOFTWARE,
        says=_("XGBoost stopped: {reason}"),
        hint=_("If the parameters are as you meant them, please report this with `cauce doctor`."),
        explanation=_(
            "The library that grows trees refused its input or failed, in a way Cauce does not know. The "
            "first line of its message is shown."
        ),
    ),
    Entry(
        code="E0811",
        exit=Exit.DATA,
        says=_("The tree model cannot be read: {reason}"),
        hint=_("Run `cauce verify` on the bundle; restore it or train again."),
        explanation=_(
            "The file is not a model that XGBoost would have written: it is cut off, changed by hand or "
            "damaged. It is refused before any library loads it: XGBoost itself crashes on such files."
        ),
    ),
    Entry(
        code="E0812",
        exit=Exit.DATA,
        says=_("The tree model's objective {objective} is not one of {objectives}."),
        hint=_("Train the model with Cauce, or with one of these objectives."),
        explanation=_(
            "How tree values become a prediction depends on the objective. Cauce reads models of the "
            "objectives that it trains itself."
        ),
    ),
    Entry(
        code="E0813",
        exit=Exit.DATA,
        says=_("The model reads {expected} features, but the matrix has the shape {given}."),
        hint=_("Pass a float32 matrix with a row for each case and the model's features in order."),
        explanation=_(
            "A scorer takes the features in the order of training, one column each. Another width means that "
            "features of another model were computed."
        ),
    ),
    Entry(
        code="E0814",
        exit=Exit.DATA,
        says=_("The ONNX model cannot be read: {reason}"),
        hint=_("Run `cauce verify` on the bundle; restore it or train again."),
        explanation=_(
            "ONNX Runtime refused the file, or it has not the input `features` and the output that Cauce "
            "writes. The file is damaged or comes from elsewhere."
        ),
    ),
    Entry(
        code="E0815",
        exit=Exit.CONFIG,
        says=_("{name} is {value}, but must be {allowed}."),
        hint=_("Correct the model's settings in the project file."),
        explanation=_(
            "A setting of the learner is outside its range. XGBoost would ignore some of these silently, so "
            "they are checked before any row is read."
        ),
    ),
    Entry(
        code="E0816",
        exit=Exit.DATA,
        says=_("Every weight of the {part} rows is zero."),
        hint=_("Check the weight column and the class weights."),
        explanation=_(
            "Rows of weight 0 are left out, and none is left. A weight column that is 0 everywhere, or class "
            "weights that are 0 for every class that occurs, leave nothing to learn from."
        ),
    ),
    Entry(
        code="E0817",
        exit=Exit.DATA,
        says=_("The {metric} is not finite after round {round}."),
        hint=_("Predict the logarithm of the target, or a target in larger units."),
        explanation=_(
            "Values of the target, or its squares, leave the range of 32-bit floating point, in which trees "
            "are grown. A model grown from there on would mean nothing."
        ),
    ),
    Entry(
        code="E0818",
        exit=Exit.IO,
        says=_("The temporary file in {folder} cannot be written: {reason}"),
        hint=_("Free space there, or set TMPDIR to a folder with more."),
        explanation=_(
            "Training rows beyond the memory set aside are kept in a temporary file: four bytes a value. It "
            "vanishes by itself when the process ends, however it ends."
        ),
    ),
    Entry(
        code="E0819",
        exit=Exit.DATA,
        says=_("The linear model cannot be read: {reason}"),
        hint=_("Run `cauce verify` on the bundle; restore it or train again."),
        explanation=_(
            "The file is not a linear model as Cauce writes it: a number is not finite, or sizes do not fit "
            "together. It is damaged or comes from elsewhere."
        ),
    ),
    Entry(
        code="E0820",
        exit=Exit.DATA,
        says=_("The features separate the classes completely, so that no coefficients are best."),
        hint=_(
            "Give the model a penalty, such as lambda = 0.001; look for a feature that gives the class away."
        ),
        explanation=_(
            "Some combination of features decides the class of every training row, or of all that matter. "
            "Without a penalty the coefficients then grow without end. Often a feature is a copy of the "
            "target or known only after it; with few rows and many features it happens by chance."
        ),
    ),
    Entry(
        code="E0821",
        exit=Exit.DATA,
        says=_("The coefficients did not settle in {steps} steps."),
        hint=_("Scale the features, leave out those that say the same, or give the model a penalty."),
        explanation=_(
            "Each step reads the training rows once and should bring the loss down. It no longer does, as "
            "happens with features of wildly different sizes or nearly the same content."
        ),
    ),
    Entry(
        code="E0830",
        exit=Exit.CONFIG,
        says=_("The learner {learner} does not fit the task {task}."),
        hint=_("linear is for regression, logistic for classes; boosting and forest are for every task."),
        explanation=_(
            "A linear model predicts a number without bounds, a logistic one the probabilities of classes. "
            "The task follows from the target's values unless target.task says it. Name another learner, or "
            "check that the target is what you mean to predict."
        ),
    ),
    Entry(
        code="E0831",
        exit=Exit.CONFIG,
        says=_("{key} is a setting of {owners}, not of {learner}."),
        hint=_("Leave it out, or name the other learner. Known here: {known}."),
        explanation=_(
            "Each learner has settings of its own. One that belongs to another learner is refused, because "
            "it would be ignored. A table under [[models]] without `learner` is boosting."
        ),
    ),
    Entry(
        code="E0832",
        exit=Exit.CONFIG,
        says=_("{column} is declared as a native category, which linear and logistic models cannot take."),
        hint=_('Declare it as "one_hot" or "target_mean", or leave it to `auto`.'),
        explanation=_(
            "A native category is a name, and a linear model multiplies and adds numbers. One 0/1 feature "
            "for each level (one_hot), or the target's mean by level (target_mean), says it in numbers. "
            "Without a declaration Cauce chooses between them by how many levels there are."
        ),
    ),
    Entry(
        code="E0833",
        exit=Exit.DATA,
        says=_(
            "Training rows have missing values in {features}, which linear and logistic models cannot take."
        ),
        hint=_('Declare "impute.median" for a number, "impute.mode" for a text, or leave it to `auto`.'),
        explanation=_(
            "A sum has no value where a part of it is missing, and leaving such rows out would bias the "
            "model. What `auto` makes of a column is always filled, with a feature beside it that says where "
            "a value was missing; a declared feature is taken as it was declared. A logarithm of a number "
            "that is not above 0 is missing too."
        ),
    ),
    Entry(
        code="E0834",
        exit=Exit.DATA,
        says=_("Training rows have values beyond ±1e30, infinite ones among them, in {features}."),
        hint=_("Declare limits with the step clip, or look where such values come from."),
        explanation=_(
            "One infinite value decides every coefficient of a linear model. Such values mostly come from a "
            "division by zero, or stand for a missing value; as one of those they can be imputed."
        ),
    ),
    Entry(
        code="E0835",
        exit=Exit.CONFIG,
        says=_("The penalty has several values, and a model is fitted with one."),
        hint=_("Let `cauce run` choose between them, or give l1_ratio and lambda one number each."),
        explanation=_(
            "A list or a path of penalties is tried on folds or on validation rows, and the model is fitted "
            "with the one that did best. What was asked for here fits one model."
        ),
    ),
    Entry(
        code="E0836",
        exit=Exit.DATA,
        says=_("The class {label} has no training row with a weight above 0."),
        hint=_("Give the split more rows, stratify it, or join the class with another."),
        explanation=_(
            "Nothing can be learned about a class that no training row has. In a random split of few rows it "
            "happens by chance; a stratified split avoids it."
        ),
    ),
    Entry(
        code="W0830",
        exit=Exit.OK,
        says=_("Features say nearly the same, so that their coefficients are not to be trusted: {features}."),
        hint=_("Leave one of them out, or give the model a penalty, such as penalty = {{ lambda = 0.01 }}."),
        explanation=_(
            "Some sum of these features is almost constant (the scaled condition number is beyond 1e5), so "
            "many coefficients predict equally well and small changes of the data move them far. Predictions "
            "are fine for rows like those of training; reading the coefficients is not. A penalty makes "
            "them unique."
        ),
    ),
    Entry(
        code="W0831",
        exit=Exit.OK,
        says=_("There are no more training rows ({rows}) than coefficients, and no penalty."),
        hint=_("Give the model a penalty, such as penalty = {{ lambda = 0.01 }}."),
        explanation=_(
            "With as many coefficients as rows a linear model fits the training rows exactly, noise "
            "included, and knows nothing about how exact it is. Of all such models the one with the smallest "
            "coefficients is taken."
        ),
    ),
)
