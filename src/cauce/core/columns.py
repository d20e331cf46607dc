"""The columns Cauce adds to a prepared table; a user's column may not begin with two underscores."""

RESERVED_PREFIX = "__"

TARGET = "__target__"
"""float: class index 0..k-1 or the value to predict; null where the target is null."""
ORIGINAL = "__original__"
"""float: the target on its own scale, where TARGET is on another one, that is learned."""
WEIGHT = "__weight__"
"""float: the row's weight."""
FOLD = "__fold__"
"""integer: TRAIN, VALIDATION or TEST."""
INNER_FOLD = "__inner_fold__"
"""integer 0..INNER_FOLDS-1: the part a training row belongs to, for out-of-fold encodings."""
HASH_A = "__hash_a__"
HASH_B = "__hash_b__"
"""integer: the two lanes of the row's hash, the same bits read as signed."""

TRAIN, VALIDATION, TEST = 0, 1, 2
FOLD_NAMES = ("train", "validation", "test")
INNER_FOLDS = 5
