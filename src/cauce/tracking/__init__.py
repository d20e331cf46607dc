"""Runs and models through MLflow (the extra `cauce[mlflow]`).

    destination = destination_for(uri, folder, home=folder / ".cauce")  # cauce.tracking.destination
    with MlflowTracker(outbox_in(home), destination) as tracker:  # cauce.tracking.tracker
        ...  # the shipper loads MLflow beside it
        tracker.put(RunRecord(...))  # durable, local, never waits
        delivery = tracker.wait()  # within limits; says what became of it
    MlflowRegistry(destination, home).resolve("models:/name@champion")  # cauce.tracking.registry
    ship(outbox_in(home), destination)  # what an earlier run left behind

Everything here can be imported without MLflow; E1301 is raised where it is needed and absent.
"""
