"""E20xx: the gate, who is in charge, and its history."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E2001",
        exit=Exit.GATE,
        says=_("The gate refuses {name} {version}: {reasons}."),
        hint=_("Make a better model, or overrule the gate: cauce promote {version} --force --why TEXT"),
        explanation=_(
            "The project demands something in [gate] of whoever takes charge, on test rows that the model "
            "was not trained on, and this version does not reach it. The refusal is kept in the history. "
            "With --force the version takes charge all the same, and the history says that the gate was "
            "overruled, by whom and why."
        ),
    ),
    Entry(
        code="E2002",
        exit=Exit.DATA,
        says=_("The history of {name} is damaged at entry {number}."),
        hint=_("Restore the folder promotions of the project's store from a copy."),
        explanation=_(
            "Entries are numbered without gaps, are never changed, and each holds the SHA-256 of the one "
            "before. Here one is missing, or is not the one that was written. Nothing is promoted on a "
            "history that cannot be trusted."
        ),
    ),
    Entry(
        code="E2003",
        exit=Exit.TEMPORARY,
        says=_("{who} changed the champion of {name} first, to {version} (entry {number})."),
        hint=_("Look at it: cauce history. Then decide again."),
        explanation=_(
            "Two people or programs wanted to change the champion at the same moment. Exactly one of them "
            "wins: the one whose entry was written first. The other is told who it was, because what it "
            "decided on, the champion before, is no longer in charge."
        ),
    ),
    Entry(
        code="E2004",
        exit=Exit.GATE,
        says=_(
            "Version {version} of {name} does not score as when it was made ({checks}); nothing is changed."
        ),
        hint=_("Look closer: cauce verify models:/{name}/{version}"),
        explanation=_(
            "Before a model takes charge it scores the rows it carries, in every way it can score, and the "
            "result must be the one of the day it was made. Here it is not: files are damaged, or a library "
            "of this machine computes something else. Putting it in charge would give other predictions."
        ),
    ),
    Entry(
        code="E2005",
        exit=Exit.USAGE,
        says=_("There is no earlier champion of {name} to go back to."),
        hint=_("Look at the history: cauce history. Choose a version: cauce promote VERSION"),
        explanation=_(
            "A rollback goes to the champion before the present one. The history knows of none: no model "
            "was ever in charge, or only the present one."
        ),
    ),
    Entry(
        code="E2006",
        exit=Exit.USAGE,
        says=_("{wanted} is neither a version of {name} nor a run of the project with a model."),
        hint=_("Versions: {near}. Runs are listed by: cauce runs"),
        explanation=_(
            "What takes charge is named by its version number, by an alias after @, by its address "
            "(models:/NAME/3), or by the run that made it."
        ),
    ),
    Entry(
        code="E2007",
        exit=Exit.UNAVAILABLE,
        says=_("The model {digest} of {wanted} is not registered as {name} yet."),
        hint=_("Run: cauce run, which also sends what waits for the tracking server."),
        explanation=_(
            "A model takes charge by an alias in the registry, so it has to be registered. The run finished, "
            "but what it told still waits in the outbox, or the run was not tracked."
        ),
    ),
    Entry(
        code="E2008",
        exit=Exit.CONFIG,
        says=_("{key} must begin with https://, or with http:// for this machine, and hold no password."),
        hint=_("Use https, or set allow_http = true where the network between is yours."),
        explanation=_(
            "A message about who is in charge travels to another machine. Without TLS anybody between could "
            "read and replay it; to this machine itself http is fine. The secret that signs the message is "
            'named, not written: secret = "env:NAME".'
        ),
    ),
    Entry(
        code="E2009",
        exit=Exit.CONFIG,
        says=_("{metric} cannot be demanded in gate.require: neither more nor less of it is better."),
        hint=_("Demand a metric that judges a model, such as roc_auc[positive=yes] or rmse."),
        explanation=_(
            "A limit in gate.require is the least of a metric where higher is better and the most where "
            "lower is. Some numbers, such as prevalence or bias, describe and do not judge; and a limit "
            "is a finite number."
        ),
    ),
    Entry(
        code="E2010",
        exit=Exit.USAGE,
        says=_("{text} is no date or time."),
        hint=_("Write 2026-03-01, 2026-03-01T12:00 or 2026-03-01T12:00+02:00."),
        explanation=_(
            "Times are given in ISO 8601. A date alone means the end of that day in local time; a time "
            "without a zone is local time."
        ),
    ),
    Entry(
        code="E2011",
        exit=Exit.USAGE,
        says=_("Version {version} of {name} was never in charge, so there is no going back to it."),
        hint=_("Put it in charge through the gate: cauce promote {version}"),
        explanation=_(
            "A rollback does not ask the gate, because the model passed it before. A version that was never "
            "the champion has to pass it first."
        ),
    ),
    Entry(
        code="W2012",
        exit=Exit.OK,
        says=_("The registry shows {found} as champion of {name}; by the history it is {known}."),
        hint=_("Somebody moved the alias elsewhere. Settle it: cauce promote VERSION"),
        explanation=_(
            "The history in the project's store says who is in charge; the alias in the registry is what "
            "others read. They differ, because the alias was moved by hand, or by a project with another "
            "store. Until somebody decides, whoever asks for the alias gets the registry's."
        ),
    ),
    Entry(
        code="W2013",
        exit=Exit.OK,
        says=_("The webhook at {where} was not told of entry {number} of {name}: {reason}."),
        hint=_("It is told again with the next promote, rollback or run; cauce history shows what waits."),
        explanation=_(
            "The champion changed, and that stands whatever the webhook does. The message waits in the "
            "project's store and carries the same idempotency key each time, so that a receiver can tell "
            "a repetition from news."
        ),
    ),
    Entry(
        code="W2014",
        exit=Exit.OK,
        says=_("The registry could not be asked, so only the history is shown: {reason}"),
        hint=_("What the registry shows may differ; ask again when it answers."),
        explanation=_(
            "The history is kept in the project's store and can always be read. Whether the alias in the "
            "registry agrees with it is only known when the registry answers."
        ),
    ),
    Entry(
        code="W2015",
        exit=Exit.OK,
        says=_("The webhook at {where} was never told of entry {number} of {name}, in {tries} tries."),
        hint=_("Look at its address and secret in [gate], then tell it by hand."),
        explanation=_(
            "Messages are not repeated for ever: after so many tries, over several commands, the message "
            "is given up. The history keeps the entry and every try."
        ),
    ),
    Entry(
        code="E2016",
        exit=Exit.CONFIG,
        says=_("{key} names an environment variable; the secret itself does not belong in the project file."),
        hint=_("Write env:NAME, such as env:WEBHOOK_SECRET, and set the variable where Cauce runs."),
        explanation=_(
            "The project file is shared and kept under version control, so no secret may stand in it. The "
            "variable is read when a message is sent, and its value is never shown or kept."
        ),
    ),
)
