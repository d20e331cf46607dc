"""E2130 to E2159: searches over settings."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E2130",
        exit=Exit.CONFIG,
        says=_("{setting} cannot be searched over."),
        hint=_("These can: {known}. For several learners, write several [[models]]."),
        explanation=_(
            "A search varies settings of one learner. What a model is, where it is trained and what it must "
            "respect are decided by you, not by a score. Penalties of linear and logistic models are "
            "searched by writing lists or a path in `penalty` itself."
        ),
    ),
    Entry(
        code="E2131",
        exit=Exit.CONFIG,
        says=_("{key} has {got}, which is no range of this setting."),
        hint=_('Write a range such as "1..10", "log 0.01..0.3" or "0.5..1 in 6", or a list of values.'),
        explanation=_(
            "A range is a text: two numbers with two dots between them, `log` before them for a logarithmic "
            "scale, `in 6` after them for six values. Ranges are for settings that are numbers; a setting of "
            "whole numbers has whole ends. Anything else is a list of values."
        ),
    ),
    Entry(
        code="E2132",
        exit=Exit.CONFIG,
        says=_("{key} has {got}, whose end is not above its beginning."),
        hint=_("Write the smaller number first."),
        explanation=_(
            "A range goes from a smaller number to a larger one. In a random, tpe or halving search a list "
            "of two numbers is such a range too; a list of three or more numbers is a list of values."
        ),
    ),
    Entry(
        code="E2133",
        exit=Exit.CONFIG,
        says=_("{key} has {got}; a logarithmic range begins above 0."),
        hint=_('Begin with a small number, such as "log 0.001..1", or leave `log` out.'),
        explanation=_("Zero and negative numbers have no logarithm, so no such range can begin there."),
    ),
    Entry(
        code="E2134",
        exit=Exit.CONFIG,
        says=_("{key} has {got}, which a grid cannot count."),
        hint=_('Say how many values: "log 0.01..0.3 in 5"; or write a list of them.'),
        explanation=_(
            "A grid tries every combination of values, so it must know them. A range of numbers that are not "
            "whole, or of more than ten thousand whole numbers, needs to say in how many values it is "
            "taken; the other methods draw from the whole range."
        ),
    ),
    Entry(
        code="E2135",
        exit=Exit.CONFIG,
        says=_("{key} does not go with the method {method}."),
        hint=_("Leave it out, or choose another method."),
        explanation=_(
            "A grid tries all its combinations in order, so it has no number of trials and nothing to draw. "
            "Halving has as many rounds as its first trials and its factor make; the factor is its own. "
            "docs/tune.md says what each method takes."
        ),
    ),
    Entry(
        code="E2136",
        exit=Exit.CONFIG,
        says=_("{count} candidates are more than the {most} that one search may have."),
        hint=_("Take fewer values, or method = random with a number of trials."),
        explanation=_(
            "The number of combinations of a grid is the product of the lengths of its lists. Random draws "
            "from the same space find nearly as good a candidate with far fewer trials (Bergstra and Bengio, "
            "2012)."
        ),
    ),
    Entry(
        code="E2137",
        exit=Exit.CONFIG,
        says=_("{key} is empty; there is nothing to search over."),
        hint=_("Name settings and what to try, such as space = {{ max_depth = [3, 10] }}."),
        explanation=_(
            "A search tries values of settings, and which ones, in which range, is the choice that matters "
            "most. Without a space every candidate would be the same."
        ),
    ),
    Entry(
        code="E2138",
        exit=Exit.CONFIG,
        says=_("{key} cannot be searched by halving, which itself decides {setting}."),
        hint=_("Take {setting} out of the space; its value in [[models]] is what the last ones get."),
        explanation=_(
            "Halving gives every candidate a few rounds (trees, in a forest) at first and more to the best, "
            "up to the number that stands in [[models]]. A candidate with a number of its own would not be "
            "comparable."
        ),
    ),
    Entry(
        code="E2139",
        exit=Exit.UNAVAILABLE,
        says=_("The method tpe needs Optuna, which cannot be loaded: {reason}."),
        hint=_('Run: pip install "cauce[tune]", or choose method = "random".'),
        explanation=_(
            "The tree-structured Parzen estimator comes from the library Optuna, which is not part of the "
            "base installation. Grid, random and halving searches do without it."
        ),
    ),
    Entry(
        code="E2140",
        exit=Exit.CONFIG,
        says=_("There is nothing to tune: the project has one candidate."),
        hint=_(
            'Add a search to [[models]], such as search = {{ method = "random", space = {{ max_depth = '
            "[3, 10] }} }}, or lists to a penalty, or a second [[models]]."
        ),
        explanation=_(
            "`cauce tune` compares candidates. A project has several where [[models]] is written several "
            "times, where a table has a `search`, or where a penalty is a list or a path."
        ),
    ),
    Entry(
        code="E2141",
        exit=Exit.USAGE,
        says=_("{option} needs a search in [[models]], and there is none that it fits."),
        hint=_('Add one, such as search = {{ method = "random", space = {{ max_depth = [3, 10] }} }}.'),
        explanation=_(
            "`--refine` narrows the space of a search around its best candidate, and `--trials` says how "
            "many candidates a random, tpe or halving search tries. A grid has as many as it has."
        ),
    ),
    Entry(
        code="W2130",
        exit=Exit.OK,
        says=_("The halving of {model} searches over eta; few rounds favour a large one."),
        hint=_("Take eta out of the space, or choose tpe or random for it."),
        explanation=_(
            "A small learning rate needs many trees before it is good. Halving judges its first candidates "
            "after a few trees, so those with a large rate survive although others would have been better in "
            "the end."
        ),
    ),
)
