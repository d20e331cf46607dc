"""What help and documentation say about each command, in English to be translated where it is shown."""

from __future__ import annotations

from cauce.cli.page_text import Page
from cauce.cli.pages_tables import TABLES
from cauce.cli.terminal import PIPE_CLOSED, TERMINATED
from cauce.errors import Exit
from cauce.language import gettext_noop as _

PAGES = {
    "init": Page(
        _("Write a project file for a table, asking what cannot be known."),
        _(
            "Reads the data, says what it guesses and why, and asks. Every question has an option; --yes "
            "takes all guesses. The file is commented and yours to edit."
        ),
        (
            ("cauce init flights.parquet", _("asks, with guesses to confirm")),
            ("cauce init 'data/*.csv' --target price --yes", _("takes the guesses, asks nothing")),
            ("cauce init 'mysql://me@host/shop?password=env:PW#orders'", _("a table of a database")),
            (
                "cauce init flights.csv --formula 'delay > 15' --time day --split time --yes",
                _("a derived target, split forward in time"),
            ),
        ),
    ),
    "try": Page(
        _("Take a table to a model and a report, without a project file."),
        _(
            "Takes every guess and says it, leaves out columns that know the answer and names them, trains a "
            "model and writes a report. Nothing is registered; everything is in the folder .cauce/try. "
            "--save writes the project file to go on with."
        ),
        (
            ("cauce try contracts.csv --target value", _("a model, its test metrics and a report")),
            ("cauce try contracts.csv --target value --save", _("and the project file")),
            ("cauce try flights.parquet --formula 'delay > 15' --json", _("the same for a program")),
        ),
    ),
    "plan": Page(
        _("Say what a run would do and why; nothing is run."),
        _("Each step with its reason to run, what it reads, and how often the data are read."),
        (
            ("cauce plan", _("the plan of the project in this folder")),
            ("cauce plan --json", _("the same for a program")),
        ),
    ),
    "profile": Page(
        _("Say what a table holds; nothing is run."),
        _(
            "For each column its kind, missing and different values, range or levels, and what is worth "
            "knowing of it; then the target by column, columns that go together, repeated rows. Without "
            "SOURCE the project's own data; with it any file, read as init would, or with --project as the "
            "project reads its own."
        ),
        (
            ("cauce profile", _("the project's own data")),
            ("cauce profile flights.csv --target delayed", _("a file, without any project")),
            ("cauce profile 'data/*.parquet' --json", _("the same for a program")),
        ),
    ),
    "validate": Page(
        _("Judge data by what the project expects of them; nothing is run."),
        _(
            "Compares the project's data, or other files read in the same way, with [validate]. Exit code 1 "
            "where a run would stop. Values of rows are only shown with --show-values."
        ),
        (
            ("cauce validate", _("the project's own data")),
            ("cauce validate delivery.csv --show-values", _("tomorrow's delivery, with failing rows")),
            ("cauce validate --suggest", _("expectations that the data meet, to paste")),
        ),
    ),
    "run": Page(
        _("Run the project, or go on where it stopped."),
        _(
            "Takes the data to an evaluated and registered model. Finished steps are never run twice for "
            "the same inputs; after Ctrl-C, a crash or a full disk, run again."
        ),
        (
            ("cauce run", _("runs the project in this folder")),
            ("cauce run --project ~/flights --quiet", _("another project, saying only what goes wrong")),
            ("cauce run --engine spark --master 'local[4]'", _("the same project, on Spark")),
        ),
    ),
    "tune": Page(
        _("Try the project's candidates and say which to use and why."),
        _(
            "Runs up to the choice between candidates and prints the leaderboard; test rows are not read. "
            "Finished trials are never run twice; after Ctrl-C, type it again."
        ),
        (
            ("cauce tune", _("the candidates that the project file declares")),
            ("cauce tune --refine", _("once more, in a narrower space around the best")),
            ("cauce tune --trials 100 --json", _("more candidates, for a program")),
        ),
    ),
    "submit": Page(
        _("Run the project on a Spark cluster, with the libraries it needs."),
        _(
            "Packs the libraries that are installed here, for workers that have a Python of the same minor "
            "version and nothing else, and starts spark-submit; its exit code becomes this command's. Data "
            "and variables of the environment are never packed. What --conf says of passwords and keys is "
            "kept out of what is shown."
        ),
        (
            ("cauce submit --master spark://host:7077", _("runs the project there, the driver here")),
            (
                "cauce submit --master yarn --deploy-mode cluster --conf spark.executor.memory=4g",
                _("with the driver on the cluster too"),
            ),
            (
                "cauce submit --master yarn --files-at s3://bucket/job --dry-run --json",
                _("packs, and says the command and the files to copy there"),
            ),
        ),
    ),
    "status": Page(
        _("Say where the project stands."),
        _("The steps that are finished, what is still to do, and the latest run."),
        (
            ("cauce status", _("of the project in this folder")),
            ("cauce status --json", _("the same for a program")),
        ),
    ),
    "predict": Page(
        _("Score a table with a model."),
        _(
            "Writes one row for each row read, as Parquet or CSV by the name of the output: key, "
            "prediction, probabilities, model version. The output appears only when it is complete."
        ),
        (
            (
                "cauce predict new.parquet --model models:/flights@champion --out scored.parquet",
                _("with the registered champion"),
            ),
            (
                "cauce predict 'new/*.csv' --model bundle/ --out scored.csv --overwrite",
                _("with a bundle in a folder, replacing an earlier result"),
            ),
            (
                "cauce predict new.parquet --out scored.csv --explain 3",
                _("with the three columns that moved each prediction most"),
            ),
        ),
    ),
    **TABLES,
    "runs": Page(
        _("List the runs of the project."),
        _("Finished, failed and interrupted runs, the latest first."),
        (
            ("cauce runs", _("a table")),
            ("cauce runs --all", _("of every project that shares the store")),
            ("cauce runs --json", _("the same for a program")),
        ),
    ),
    "report": Page(
        _("Write a run as a page to read and to hand on."),
        _(
            "One HTML file that opens offline and runs no script: verdict, data, checks, features, model, "
            "performance, appendix. The same as JSON lies beside it. A run that stopped early is told as "
            "far as it came."
        ),
        (
            ("cauce report", _("the latest run, into the project's store")),
            ("cauce report 3f9c2a --out report.html --lang es", _("another run, here, in Spanish")),
            ("cauce report --json", _("the same for a program")),
        ),
    ),
    "compare": Page(
        _("Put runs side by side."),
        _(
            "Metrics on test rows with their intervals, settings and versions that differ, and whether the "
            "last run is better than the one before it, on rows that neither has seen."
        ),
        (
            ("cauce compare --last 5", _("the last five runs that have a model")),
            ("cauce compare 3f9c2a 81be07 --html compared.html", _("two runs, and a page of them")),
        ),
    ),
    "models": Page(
        _("List the registered versions of the project's model."),
        _("Each version with its aliases, digest and metrics; or the model card of one of them."),
        (
            ("cauce models", _("a table")),
            ("cauce models --card 3 > card.md", _("what is known of version 3, in Markdown")),
            ("cauce models --json", _("the same for a program")),
        ),
    ),
    "promote": Page(
        _("Put a model in charge: it becomes the champion."),
        _(
            "The model must score as when it was made and pass the gate of the project file. The history "
            "keeps who did it, when and why. Exit code 1 where the gate refuses; of two at once one wins."
        ),
        (
            ("cauce promote 3", _("version 3")),
            ("cauce promote @challenger --why 'tested for a week'", _("the challenger, with a reason")),
            ("cauce promote 3 --force --why 'the champion is broken'", _("although the gate refuses")),
        ),
    ),
    "rollback": Page(
        _("Put an earlier champion back in charge."),
        _(
            "The earlier champion must score as when it was made; otherwise nothing changes and the exit "
            "code is 1. The gate is not asked again."
        ),
        (
            ("cauce rollback --why 'too many false alarms'", _("the champion before the present one")),
            ("cauce rollback --to 2", _("version 2, which was a champion once")),
            ("cauce rollback --to none", _("nobody is in charge any more")),
        ),
    ),
    "history": Page(
        _("List who was in charge, since when, by whom and why."),
        _("Also what the gate refused, and where the registry's alias was moved by hand."),
        (
            ("cauce history", _("of the project's model, the latest first")),
            ("cauce history --json", _("the same for a program")),
        ),
    ),
    "champion": Page(
        _("Say which model is in charge, or was at some time."),
        _(
            "By the history, and by the registry where the two differ. A day alone means its end, in local "
            "time; a time without a zone is local time."
        ),
        (
            ("cauce champion", _("now")),
            ("cauce champion --at 2026-03-01", _("at the end of that day")),
            ("cauce champion --at 2026-03-01T12:00+01:00 --json", _("at that moment, for a program")),
        ),
    ),
    "verify": Page(
        _("Prove that a model scores here as when it was born."),
        _(
            "Checks the digest of every file, then scores the rows the model carries and compares with the "
            "scores it carries. With --engines, makes anew on each engine what the latest run made, and "
            "keeps what was found as the model's certificate. Exit code 1 where they differ."
        ),
        (
            ("cauce verify models:/flights@champion", _("a registered model")),
            ("cauce verify bundle/ --digest 3f1c…", _("a bundle that must be this one and no other")),
            (
                "cauce verify --snapshots",
                _("the datasets in the project's store: their bytes and their rows"),
            ),
            (
                "cauce verify --engines local,spark",
                _("that Spark makes of the project's data what this machine makes of them"),
            ),
        ),
    ),
    "serve": Page(
        _("Answer over HTTP with a model."),
        _(
            "POST /predict takes one row or many by column name and checks every field; /invocations what "
            "MLflow and SageMaker send. Only this machine is answered unless there are tokens. SIGTERM ends "
            "it once what was begun is answered. Needs the extra cauce[serve]."
        ),
        (
            ("cauce serve models:/flights@champion", _("the champion, on port 8080")),
            ("cauce serve bundle/ --digest 3f1c… --workers 2", _("a bundle that must be this one")),
            ("cauce serve --host 0.0.0.0 --tokens tokens.json", _("for others too, who need a token")),
        ),
    ),
    "image": Page(
        _("Write what builds a container that serves a model."),
        _(
            "A folder with a Dockerfile, the locked libraries with their digests, the model and Cauce "
            "itself; the same for the same model. The container asks for tokens, from "
            "/run/secrets/tokens.json."
        ),
        (
            ("cauce image models:/flights@champion", _("into the folder image")),
            ("cauce image bundle/ --out container --base python:3.12-slim-bookworm", _("on another Python")),
        ),
    ),
    "token": Page(
        _("Make a token for a service."),
        _("Shows it once and puts its digest into a file, which cauce serve --tokens reads."),
        (
            ("cauce token shop --file tokens.json", _("may ask for predictions")),
            ("cauce token watch --file tokens.json --scope operate", _("may read the metrics")),
        ),
    ),
    "replay": Page(
        _("Score again what a service answered, and compare bit for bit."),
        _(
            "Reads what cauce serve --capture kept. Exit code 1 where a prediction differs, or where it "
            "cannot be said. Rows are only shown with --rows."
        ),
        (
            ("cauce replay kept --model models:/flights@champion", _("proves it, or says what differs")),
            ("cauce replay kept --model models:/flights/4 --other", _("what another version would answer")),
        ),
    ),
    "stack": Page(
        _("Write, start and stop servers for a project, in containers."),
        _(
            "render writes a folder for docker compose: MariaDB, an S3 server and MLflow on both, with Spark "
            "and JupyterLab where --with names them; passwords are made and kept in files there. up builds "
            "and starts it, waits until all are healthy, and tries each as its user. down stops it and keeps "
            "what the servers hold, unless --erase names the stack. status says how each server is; exit "
            "code 1 where one is not well."
        ),
        (
            ("cauce stack render", _("into the folder stack, and says what to put in a project file")),
            (
                "cauce stack render --with spark,jupyter --port mlflow=5001",
                _("with more, at a port of yours"),
            ),
            ("cauce stack up", _("builds, starts and tries all")),
            ("cauce stack down", _("stops all; nothing is lost")),
        ),
    ),
    "gc": Page(
        _("Delete from the store what nothing refers to any more."),
        _(
            "What finished steps made stays, with every model and dataset, and so does what is less than a "
            "day old. Leftovers of killed processes are removed. Safe beside runs."
        ),
        (
            ("cauce gc --dry-run", _("says what would go")),
            ("cauce gc", _("deletes it")),
        ),
    ),
    "explain": Page(
        _("Explain a code that a message carried."),
        _("Why it happens and what to do, without a network."),
        (
            ("cauce explain E0301", _("one code")),
            ("cauce explain --all", _("every code, in order")),
        ),
    ),
    "doctor": Page(
        _("Check this machine and the project for what would go wrong."),
        _(
            "Python and libraries, disk, rights, threads, the project file, the tracking server, the clock, "
            "Java and Spark. Exit code 1 where something fails."
        ),
        (
            ("cauce doctor", _("each check with its result and, where needed, what to do")),
            ("cauce doctor --master spark://host:7077", _("and whether that Spark master answers")),
            ("cauce doctor --json", _("the same for a program")),
        ),
    ),
    "demo": Page(
        _("Take 336,776 real flights to a registered, scored model."),
        _("Writes a project with its data into a folder and runs it. Needs the extra cauce[demo]."),
        (
            ("cauce demo", _("into the folder cauce-demo")),
            ("cauce demo --folder /tmp/flights", _("into another folder")),
        ),
    ),
    "version": Page(
        _("Say the version of Cauce and of what changes its numbers."),
        _("To be quoted in a report."),
        (
            ("cauce version", _("versions, a line each")),
            ("cauce version --json", _("the same for a program")),
        ),
    ),
}

ROOT = Page(
    _("A table to a monitored model in production, with the same numbers everywhere."),
    _("What people read goes to standard error, what was asked for to standard output."),
    (
        ("cauce init flights.parquet", _("write a project file")),
        ("cauce run", _("train, evaluate and register a model, or go on where it stopped")),
    ),
)

EXIT_CODES: dict[int, str] = {
    Exit.OK: _("done"),
    Exit.GATE: _("a check failed: validate, verify, doctor, a release gate"),
    Exit.USAGE: _("the command line is wrong"),
    Exit.DATA: _("the data, or a stored document, are wrong"),
    Exit.UNAVAILABLE: _("a library or a server is not there"),
    Exit.SOFTWARE: _("a defect of Cauce"),
    Exit.CANNOT_CREATE: _("something cannot be created"),
    Exit.IO: _("reading or writing failed, or the disk is full"),
    Exit.TEMPORARY: _("it may work later: memory, a lock"),
    Exit.PERMISSION: _("permission is denied"),
    Exit.CONFIG: _("the project file is wrong or not there"),
    Exit.INTERRUPTED: _("interrupted; finished work is kept"),
    PIPE_CLOSED: _("whoever read the output went away"),
    TERMINATED: _("told to end by SIGTERM; finished work is kept"),
}
