"""One function per command, with the command's name and options.

plan(project="cauce.toml")                                   what would run, and why
run(project="cauce.toml", *, observer=None)                  run it, or go on where it stopped
status(project="cauce.toml")                                 where it stands
predict(source, *, model, out, overwrite=False, project=None, observer=None)
load(model, *, digest=None, project=None)                    a model to call `predict(frame)` on
runs(project="cauce.toml", *, all_projects=False)            finished and unfinished runs
models(project="cauce.toml")                                 registered versions and their aliases
verify(model, *, digest=None, project=None)                  does it score as when it was born?
init(...), explain(code), doctor(project), demo(folder)
"""
