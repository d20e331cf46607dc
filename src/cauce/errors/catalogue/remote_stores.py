"""E2650 to E2669: object stores."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E2650",
        exit=Exit.CONFIG,
        says=_("{store} is no address of a bucket ({option}); known: {known}."),
        hint=_(
            "Write s3://BUCKET/PREFIX?region=eu-west-1, or with endpoint=https://HOST for another server."
        ),
        explanation=_(
            "The address of a bucket names it, a prefix within it, and as options the region, the endpoint "
            "of a server other than AWS, the account that must own the bucket, and the profile to use. Keys "
            "never stand in it: they come from the environment, a profile or the machine's role."
        ),
    ),
    Entry(
        code="E2651",
        exit=Exit.PERMISSION,
        says=_("{store} refuses: it does not know who asks, or does not allow it."),
        hint=_("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, and look at the policy."),
        explanation=_(
            "The server did not accept the credentials, or they may not do this. A store needs to read, "
            "write, list and delete objects under its prefix; a source only to read and list."
        ),
    ),
    Entry(
        code="E2652",
        exit=Exit.TEMPORARY,
        says=_("{store} could not be reached or failed again and again: {reason}"),
        hint=_("Try again: what was finished is kept; cauce doctor looks at the connection."),
        explanation=_(
            "The server did not answer, broke off or answered with errors of its own, and trying again for "
            "some time did not help. Nothing half-written is visible: an object is there whole or not at all."
        ),
    ),
    Entry(
        code="E2653",
        exit=Exit.UNAVAILABLE,
        says=_("{store} writes over an object in spite of If-None-Match, so two runs would harm each other."),
        hint=_("Use a server that heeds it; with some, switching the bucket's versioning off is enough."),
        explanation=_(
            "Cauce writes each object once and asks the server to refuse a second write. A trial showed that "
            "this server does not: a finished step could be replaced by another. So nothing is stored there."
        ),
    ),
    Entry(
        code="E2654",
        exit=Exit.PERMISSION,
        says=_("The bucket of {store} does not belong to the account {owner}, or this cannot be checked."),
        hint=_("Check the bucket's name and owner=."),
        explanation=_(
            "Names of buckets are given to whoever asks first, and a deleted one may be somebody else's now. "
            "The address says which account must own the bucket, and the server did not confirm it, so "
            "nothing was read or written."
        ),
    ),
    Entry(
        code="E2655",
        exit=Exit.UNAVAILABLE,
        says=_("{store}: there is no such bucket."),
        hint=_("Make the bucket yourself, in an account of yours; Cauce never makes or guesses one."),
        explanation=_(
            "The server knows no bucket of this name. Cauce makes none, because names of buckets are shared "
            "by everybody and a guessed one may belong to a stranger."
        ),
    ),
    Entry(
        code="E2656",
        exit=Exit.UNAVAILABLE,
        says=_("{store} needs the library obstore."),
        hint=_("Install it with: pip install cauce[s3]"),
        explanation=_(
            "Buckets are reached with the library obstore, which is a part of the extra s3 so that those who "
            "keep everything in folders need not have it."
        ),
    ),
    Entry(
        code="E2658",
        exit=Exit.DATA,
        says=_("{store} matches no objects that can be files here ({count} found)."),
        hint=_("Check bucket, prefix and pattern: * stays within a folder, ** goes through all."),
        explanation=_(
            "No object has a key that begins so or matches the pattern, or a key has a part that cannot be a "
            "file's name, such as two dots. Objects whose name begins with a dot or an underscore are left "
            "out, as they are in folders."
        ),
    ),
    Entry(
        code="E2657",
        exit=Exit.CONFIG,
        says=_("The profile {profile} is not in ~/.aws, or cannot be used."),
        hint=_("Correct profile= or AWS_PROFILE; for single sign-on and roles, also: pip install boto3"),
        explanation=_(
            "A profile with keys of its own is read from ~/.aws/credentials and ~/.aws/config. Profiles of "
            "single sign-on, or that take on another role, are understood by boto3, where it is installed."
        ),
    ),
    Entry(
        code="E2660",
        exit=Exit.CONFIG,
        says=_("{store} refuses: this machine's clock and the server's differ too much."),
        hint=_("Set this machine's clock by a time server; cauce doctor says by how much it is wrong."),
        explanation=_(
            "Each request is signed with the time, and servers refuse what is signed for more than fifteen "
            "minutes before or after their own, so that nobody can repeat a request that was overheard."
        ),
    ),
    Entry(
        code="E2661",
        exit=Exit.PERMISSION,
        says=_("{store} refuses: the token that goes with the keys is no longer valid."),
        hint=_("Log in again, such as with aws sso login, and repeat the command."),
        explanation=_(
            "Keys of single sign-on and of roles hold for some hours only. Those in the environment or in a "
            "profile have run out; what the command finished is kept, and the next one goes on from there."
        ),
    ),
    Entry(
        code="E2662",
        exit=Exit.CONFIG,
        says=_("{store} was asked for in another region than its own ({region})."),
        hint=_("Write region=… into the address; the page of the bucket says which."),
        explanation=_(
            "A bucket is in one region, and requests are signed for one. Servers say which it is, as far as "
            "they can; requests are not sent there unasked, because nobody said that the data may go there."
        ),
    ),
    Entry(
        code="E2663",
        exit=Exit.IO,
        says=_("{store} is full: the server takes no more bytes for this bucket or account."),
        hint=_("Delete what is not needed (cauce gc), or have the quota raised."),
        explanation=_(
            "The server has no room left, or a quota is used up. What was finished is kept, nothing that is "
            "half-written is visible, and the next run goes on from there once there is room."
        ),
    ),
    Entry(
        code="E2664",
        exit=Exit.TEMPORARY,
        says=_("The object {key} was replaced by another while it was fetched."),
        hint=_("Repeat the command once whoever writes the objects is done."),
        explanation=_(
            "Objects are fetched in pieces, and each asks for the object that was listed. Pieces of two "
            "objects under one name would make a file that nobody wrote, so nothing is kept."
        ),
    ),
    Entry(
        code="E2666",
        exit=Exit.PERMISSION,
        says=_("{store} was not asked: nobody here says who asks."),
        hint=_(
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE; for a bucket that is open to "
            "all, write sign=no into the address."
        ),
        explanation=_(
            "Each request is signed with keys. There are none in the environment, no profile is named, and "
            "the role of this machine, its container or its web identity, which is asked then, gave none "
            "either. The bucket itself was not asked."
        ),
    ),
    Entry(
        code="W2665",
        exit=Exit.OK,
        says=_("The store {store} may be shared, but models are registered on this machine alone."),
        hint=_("Name a server as tracking.uri, or switch tracking off: [tracking] enabled = false"),
        explanation=_(
            "Machines that share a store find each other's finished steps, that of registering a model among "
            "them. Where the registry is a file of one machine, the others find the model of the latest run, "
            "and no versions, names or champions."
        ),
    ),
)
