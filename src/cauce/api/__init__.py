"""One function per command, with the command's name and options.

profile(source=None, *, project=None, target=None, missing=())   what a table holds
plan(project="cauce.toml")                                   what would run, and why
run(project="cauce.toml", *, observer=None)                  run it, or go on where it stopped
try_(source, *, target=..., save=False)                      a table to a model and a report
validate(source=None, *, project="cauce.toml")               are the data as expected?
tune(project="cauce.toml", *, refine=False, trials=None, observer=None)   the candidates, tried and compared
status(project="cauce.toml")                                 where it stands
submit(project="cauce.toml", *, master=..., dry_run=False)     run it on a cluster
predict(source, *, model, out, overwrite=False, project=None, observer=None)
load(model, *, digest=None, project=None)                    a model to call `predict(frame)` on
runs(project="cauce.toml", *, all_projects=False)            finished and unfinished runs
report(run="latest", *, project="cauce.toml", out=None, lang=None)
compare(*runs, project="cauce.toml", last=None, html=None)
models(project="cauce.toml", *, card=None)                      registered versions; the card of one
promote(wanted, *, why="", force=False, project="cauce.toml")   put a model in charge
rollback(to=None, *, why="", project="cauce.toml")           put an earlier champion back in charge
history(model=None, *, project="cauce.toml")                 who was in charge, by whom and why
champion(*, at=None, project="cauce.toml")                   who is in charge, or was
serve(model=None, *, digest=None, project=None, port=8080, ...)  a model behind HTTP, beside this process
image(model=None, *, out="image", base=..., digest=None)        a folder that builds a container serving it
stack(action, *, folder="stack", parts=None, ...)              servers in containers: render, up, down, status
token(name, *, file, scope=("predict",))                     a token for a service
replay(capture, *, model=None, digest=None, project=None)     does it predict what a service answered?
warehouse(project="cauce.toml", *, report=None)              the latest run's tables, written anew
captures(folder=None, *, out=None, project=None)             what a service answered, into a table
verify(model, *, digest=None, project=None, snapshots=False)  does it score as when it was born?
gc(project="cauce.toml", *, dry_run=False)                   delete what nothing refers to any more
init(...), explain(code), doctor(project), demo(folder)
"""
