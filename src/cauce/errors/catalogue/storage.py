"""E05xx: the store, snapshots and the ledger."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E0501",
        exit=Exit.DATA,
        says=_("{key} cannot name an object in the store."),
        hint=_(
            "Use letters, digits and ._- in parts joined by /, none of them beginning or ending with a dot."
        ),
        explanation=_(
            "Objects in the store have short relative names, so that no name can reach outside the "
            "store's folder and every file system and object store takes it. A part has at most 200 "
            "characters, a name at most 500."
        ),
    ),
    Entry(
        code="E0502",
        exit=Exit.IO,
        says=_("The store {store} holds no object {key}."),
        hint=_("Run the project again; what is missing is made anew."),
        explanation=_(
            "Something refers to an object that is not in the store. It was deleted by hand or by "
            "garbage collection, or the store is another one. Steps whose results are gone run again."
        ),
    ),
    Entry(
        code="E0503",
        exit=Exit.IO,
        says=_("No space is left for {path} ({reason}; {free} bytes are free there)."),
        hint=_("Free some space or set another [store] path, then run again: finished steps are kept."),
        explanation=_(
            "The disk or the user's quota is full, or a file would be larger than allowed. Nothing that "
            "was finished is damaged and nothing half-written is visible; the file in the making was "
            "removed. Run again when there is space."
        ),
    ),
    Entry(
        code="E0504",
        exit=Exit.CANNOT_CREATE,
        says=_("{path} cannot be created ({reason})."),
        hint=_("Choose a folder that can be written: for the store with [store] path."),
        explanation=_(
            "The file system is mounted read-only, or a file stands where a folder is needed. The store "
            "needs one folder in which it can create files. What was stored before is whole and can "
            "be read."
        ),
    ),
    Entry(
        code="E0505",
        exit=Exit.PERMISSION,
        says=_("Permission is denied for {path} ({reason})."),
        hint=_("Give this user the right to read and write the store's folder."),
        explanation=_(
            "The operating system does not let this user read or write there. Look at the owner and the "
            "mode of the file and of the folders above it."
        ),
    ),
    Entry(
        code="E0506",
        exit=Exit.IO,
        says=_("Reading or writing {path} failed ({reason})."),
        hint=_("Check the disk or the network share, then run again: finished steps are kept."),
        explanation=_(
            "The operating system reported an error that has nothing to do with space or rights, such "
            "as a failing disk or a share that went away. What was finished before is still whole."
        ),
    ),
    Entry(
        code="E0507",
        exit=Exit.DATA,
        says=_("The stored document {key} is damaged: {reason}."),
        hint=_("Delete that file in the store and run again."),
        explanation=_(
            "A manifest or a record in the store is not what Cauce wrote. They are written whole or not "
            "at all, so it was edited or the disk is failing. Its step runs again once it is deleted."
        ),
    ),
    Entry(
        code="E0508",
        exit=Exit.DATA,
        says=_("{key} has format {version}; this Cauce knows formats up to {known}."),
        hint=_("Upgrade cauce, or use another [store] path."),
        explanation=_(
            "A newer Cauce wrote this. Older ones refuse to guess what it means. Upgrade, or give this "
            "version a store of its own."
        ),
    ),
    Entry(
        code="E0509",
        exit=Exit.DATA,
        says=_("Part {key} of snapshot {identity} is damaged: {reason}."),
        hint=_("Delete the part in the store and run again; the source is read anew."),
        explanation=_(
            "A file of an immutable dataset version does not have the content its digest promises. It "
            "was edited or the disk is failing. Numbers computed from it could not be trusted."
        ),
    ),
    Entry(
        code="E0510",
        exit=Exit.IO,
        says=_("Part {key} of snapshot {identity} is missing and the rows now read make other parts."),
        hint=_("Delete {manifest} in the store and run again."),
        explanation=_(
            "The snapshot's manifest exists but a file it lists was deleted. Where the same rows come in "
            "the same order the part is restored; here they came in another order or by another version, "
            "so the manifest must go first."
        ),
    ),
    Entry(
        code="E0511",
        exit=Exit.SOFTWARE,
        says=_("A batch has columns {found}, where {expected} were declared."),
        hint=_("Please report this: a source must deliver what its schema says."),
        explanation=_(
            "Every batch must have exactly the declared columns and types, in order, or the dataset's "
            "identity would mean nothing. This is a defect of the source that delivered the batch."
        ),
    ),
    Entry(
        code="E0512",
        exit=Exit.CANNOT_CREATE,
        says=_("The file system of {path} has neither hard links nor locks."),
        hint=_("Set [store] path to a folder on a local disk."),
        explanation=_(
            "Writing an object once, whole or not at all, while others write too, needs hard links or "
            "file locks. Some network and removable file systems have neither."
        ),
    ),
    Entry(
        code="E0513",
        exit=Exit.TEMPORARY,
        says=_("{path} is in use by {owner}."),
        hint=_("Wait until it has ended, then try again."),
        explanation=_(
            "Another process holds the project's lock. The lock is given back when that process ends, "
            "however it ends, so a lock file that lies there after a crash stops nobody."
        ),
    ),
    Entry(
        code="W0514",
        exit=Exit.OK,
        says=_("{path} cannot be locked ({reason}); going on without."),
        hint=_("Two runs at once are safe but may both do the same work."),
        explanation=_(
            "The file system has no locks. Objects are still written once, whole or not at all; the lock "
            "only saves a second run from doing what the first is doing."
        ),
    ),
    Entry(
        code="E0515",
        exit=Exit.DATA,
        says=_("The rows of snapshot {identity} have identity {found}."),
        hint=_("Delete {manifest} in the store and run again."),
        explanation=_(
            "The parts are whole but their rows are not the ones the snapshot is named after. Somebody "
            "changed the manifest, or an older Cauce hashed rows in another way."
        ),
    ),
)
