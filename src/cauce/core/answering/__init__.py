"""From the learner's number to the answer: the target's scale, calibration, and intervals. Data, no code."""
