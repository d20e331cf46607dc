"""What a snapshot holds, from one scan: the basis for the target's task, for checks and for plain advice."""

from cauce.core.profile.old import (
    ColumnProfile,
    Profile,
    make_profile,
    profile_projection,
    profile_summaries,
)

__all__ = ["ColumnProfile", "Profile", "make_profile", "profile_projection", "profile_summaries"]
