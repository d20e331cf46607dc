"""What a snapshot holds, from one scan: the basis for the target's task, for checks and for plain advice."""

from cauce.core.profile.flags import flag_setting, flag_text
from cauce.core.profile.gathering import ProfileWork, Profiling
from cauce.core.profile.making import make_profile
from cauce.core.profile.notices import notices_of
from cauce.core.profile.values import ColumnProfile, Flag, Profile, TargetProfile

__all__ = [
    "ColumnProfile",
    "Flag",
    "Profile",
    "ProfileWork",
    "Profiling",
    "TargetProfile",
    "flag_setting",
    "flag_text",
    "make_profile",
    "notices_of",
]
