"""The sections of a report, each made from what its run left."""
