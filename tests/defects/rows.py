"""The defects of five systems made by hand, what each cost its users, and the tests that Cauce has none.

A: a Spark script with XGBoost and MLflow. B: a pipeline on SageMaker. C: a course with Spark on public
contracts. D: a local service on hospital admissions. E: a guide to MLflow.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """row: the system and the number; loss: what a user lost; tests: each as file::function under tests/."""

    row: str
    loss: str
    tests: tuple[str, ...]


_RUN = "defects/test_run_defects.py::test_"
_REGISTRY = "defects/test_registry_defects.py::test_"
_REPORT = "defects/test_report_defects.py::test_"
_DOUBT = "running/test_doubtful_runs.py::test_"
_EXACT = "splits/test_split_exact.py::test_"
_TARGET = "splits/test_target.py::test_"
_PROJECTS = "running/test_project_runs.py::test_"
_VALUES = "metrics/test_metric_values.py::test_"
_NAMES = "metrics/test_metric_names.py::test_"
_LEAKS = "leaks/test_leak_findings.py::test_"
_PROFILE = "core/test_profile_laws.py::test_"
_SERVER = "tracking/test_mlflow_server.py::test_"
_EXAMPLES = "examples/test_example_projects.py::test_"
_OUTBOX = "tracking/test_outbox.py::test_"

DEFECTS = (
    Defect(
        "A D8",
        "A split called stratified left some validation sets without a single positive.",
        (
            f"{_EXACT}each_class_is_cut_where_its_sorted_places_are",
            f"{_REGISTRY}no_row_repeats_or_vanishes_between_the_folds",
        ),
    ),
    Defect(
        "A D9",
        "The same data and seed gave other validation rows on another number of partitions.",
        (
            "splits/test_split_laws.py::test_the_order_of_rows_and_batches_moves_no_row",
            f"{_PROJECTS}the_same_rows_from_another_file_are_the_same_snapshot_and_run_nothing_else",
        ),
    ),
    Defect(
        "A D10",
        "Each number computed the whole plan again: nine passes over the data and more.",
        (
            f"{_RUN}a_run_reads_a_small_table_a_few_times_not_once_for_each_number",
            "features/test_feature_plans.py::test_few_looks_are_taken",
        ),
    ),
    Defect(
        "A D11",
        "Labels and predictions were collected apart, and met by an order nobody promises.",
        (f"{_RUN}labels_and_scores_of_one_row_meet_whatever_the_order",),
    ),
    Defect(
        "A D12",
        "All validation rows had to fit on one machine, to draw one curve.",
        (f"{_REPORT}curves_are_drawn_without_collecting_rows",),
    ),
    Defect(
        "A D13",
        "The recall shown, 0.954, was the accuracy; of the positives 3 % were found.",
        (
            f"{_VALUES}a_recall_that_looks_fine_only_by_averaging_is_told_apart",
            f"{_NAMES}a_metric_that_does_not_say_what_it_is_cannot_be_written",
        ),
    ),
    Defect(
        "A D14",
        "Precision and F1 were averages that hid the class that mattered.",
        (
            f"{_VALUES}decision_metrics_equal_scikit_learn_for_many_classes",
            f"{_NAMES}a_metric_that_does_not_say_what_it_is_cannot_be_written",
        ),
    ),
    Defect(
        "A D15",
        "Two libraries gave two areas under the curve, one of them binned without saying so.",
        (
            f"{_VALUES}ranking_metrics_equal_scikit_learn_with_ties_and_weights",
            f"{_VALUES}binned_scores_hold_the_exact_value_within_their_stated_error",
        ),
    ),
    Defect(
        "A D16",
        "A sign in a plot's style ended the run at its last line, and the plot was never saved.",
        (
            "metrics/test_plots.py::test_a_binary_evaluation_has_all_its_pictures",
            f"{_PROJECTS}every_task_runs_and_verifies",
        ),
    ),
    Defect(
        "A D17",
        "Gaps, texts or a column of an unlucky name ended the run, and identifiers went in.",
        (
            f"{_RUN}columns_of_every_kind_with_gaps_and_clashing_names_are_learned_from",
            f"{_LEAKS}identifiers_dates_and_holes_go_in_and_only_what_leaks_comes_out",
        ),
    ),
    Defect(
        "A D18",
        "The trained model no longer knew the names of its features.",
        (
            "learning/test_boosting.py::test_gain_importance_keeps_the_names",
            f"{_REPORT}importance_is_of_named_columns_and_free_of_their_units",
        ),
    ),
    Defect(
        "A D19",
        "Labels that are no labels were found out by a crash, or not at all.",
        (
            f"{_TARGET}targets_that_mean_nothing_are_refused",
            f"{_TARGET}missing_targets_are_counted_and_left_out",
            f"{_TARGET}the_task_and_the_order_of_classes",
        ),
    ),
    Defect(
        "A D20",
        "Runs were tracked on a disk that went away with the cluster.",
        (
            f"{_OUTBOX}the_default_is_a_file_in_the_project",
            f"{_REGISTRY}runs_are_tracked_in_a_database_of_the_project",
        ),
    ),
    Defect(
        "A D21",
        "Fifty parameters were tracked, and no model was ever saved.",
        (
            f"{_SERVER}the_model_is_the_champion_by_its_digest",
            "cli/test_whole_project.py::test_what_was_run_is_known_everywhere",
        ),
    ),
    Defect(
        "A D22",
        "The same number stood under two names, and two numbers could have stood under one.",
        (
            f"{_OUTBOX}metrics_have_the_keys_that_the_whole_of_cauce_uses",
            f"{_NAMES}two_metrics_never_share_a_tracker_key_not_even_where_case_is_folded",
        ),
    ),
    Defect(
        "A D23",
        "Nobody could tell what a model reads, from what data it came, or how to make it again.",
        (
            f"{_RUN}a_model_says_what_it_reads_from_what_and_with_what_it_was_made",
            f"{_SERVER}mlflow_loads_the_model_and_scores_as_the_bundle",
        ),
    ),
    Defect(
        "A D24",
        "The rows that chose the model also judged it; no test, no doubt, nothing to beat.",
        (
            f"{_RUN}the_score_told_is_that_of_rows_that_chose_nothing",
            f"{_DOUBT}a_run_keeps_the_doubt_of_every_metric_in_evaluation_and_bundle",
            "metrics/test_thresholds.py::test_test_rows_never_change_the_threshold",
        ),
    ),
    Defect(
        "A D25",
        "Of rare positives only the curve that flatters was drawn, and the table changed its shape.",
        (
            "metrics/test_plots.py::test_a_binary_evaluation_has_all_its_pictures",
            "metrics/test_plots.py::test_an_evaluation_without_rows_or_positives_has_only_what_can_be_drawn",
        ),
    ),
    Defect(
        "A D26",
        "Figures stayed open, needed a screen, and lay wherever one stood.",
        (f"{_REPORT}figures_are_closed_and_nothing_lands_where_the_command_was_called",),
    ),
    Defect(
        "A D27",
        "Other data meant editing the script, and every failure was a traceback.",
        (
            "cli/test_command_line.py::test_a_wrong_line_ends_in_a_code_and_a_hint",
            "cli/test_rendering.py::test_options_of_every_command_may_stand_anywhere",
            "cli/test_rendering.py::test_whatever_goes_wrong_has_a_code",
        ),
    ),
    Defect(
        "B D2",
        "Types were compared by their text, no feature was left, and the job trained on nothing.",
        (
            f"{_RUN}columns_of_every_kind_with_gaps_and_clashing_names_are_learned_from",
            f"{_RUN}a_table_of_which_nothing_can_be_learned_is_refused",
        ),
    ),
    Defect(
        "B D3",
        "Every text and date was dropped while the page said it was converted.",
        (
            f"{_RUN}columns_of_every_kind_with_gaps_and_clashing_names_are_learned_from",
            "features/test_feature_plans.py::test_auto_takes_what_has_no_other_role",
        ),
    ),
    Defect(
        "B D4",
        "Missing labels silently became class 0.",
        (
            f"{_RUN}rows_without_a_label_are_no_class",
            f"{_PROJECTS}rows_without_a_target_are_counted_and_left_out",
        ),
    ),
    Defect(
        "B D5",
        "Missing numbers became zeros, which are numbers, in every column alike and before the split.",
        (
            f"{_RUN}nothing_measured_is_not_zero",
            "learning/test_boosting.py::test_infinite_values_train_as_the_largest_and_nulls_as_missing",
        ),
    ),
    Defect(
        "B D19",
        "The split was not stratified, and rows could repeat or vanish between its two parts.",
        (f"{_REGISTRY}no_row_repeats_or_vanishes_between_the_folds",),
    ),
    Defect(
        "B D31",
        "Versions were seconds of a clock, and a new one could overwrite the old.",
        (f"{_REGISTRY}a_version_is_its_content_not_a_clock",),
    ),
    Defect(
        "B D32",
        "Counts of missing cells stood under names that no column has.",
        (f"{_RUN}missing_cells_are_counted_under_their_columns_name",),
    ),
    Defect(
        "C D2",
        "Values known only after the contract stood beside the target, and nobody looked.",
        (f"{_LEAKS}what_was_paid_and_budgeted_for_a_contract_is_named",),
    ),
    Defect(
        "C D4",
        "Scalers and encoders had seen the rows that judged the model.",
        (
            f"{_PROJECTS}validation_and_test_rows_change_nothing_that_was_learned",
            "features/test_features_everywhere.py::test_rows_that_validate_and_test_teach_nothing",
        ),
    ),
    Defect(
        "C D10",
        "One password for everybody stood in the guide, and pages were open to all.",
        (
            f"{_RUN}a_run_opens_no_door_and_asks_for_no_password",
            "spec/test_project_refusals.py::test_no_refusal_repeats_a_secret",
        ),
    ),
    Defect(
        "C D13",
        "Coefficients in different units were read as importance, and their names were lost.",
        (
            f"{_REPORT}importance_is_of_named_columns_and_free_of_their_units",
            f"{_DOUBT}shuffling_names_the_users_columns_and_finds_the_one_that_matters",
        ),
    ),
    Defect(
        "C D14",
        "Pesos of a skew of 104 were predicted as they are, and a seventh of the rows called outliers.",
        (
            "core/test_profile_values.py::test_a_skewed_column_is_described_as_scipy_describes_it",
            f"{_EXAMPLES}the_contracts_example_explains_half_of_the_values_logarithm",
            f"{_DOUBT}amounts_have_intervals_and_a_logarithmic_scale",
        ),
    ),
    Defect(
        "C D17",
        "A prediction did not say of which row it is, by which model, from which data.",
        (f"{_REGISTRY}a_prediction_says_of_which_row_by_which_model_from_what",),
    ),
    Defect(
        "C D18",
        "Names and numbers of people were columns like any other.",
        (
            f"{_PROFILE}names_of_columns_tell_personal_data_in_both_languages",
            f"{_PROFILE}values_tell_personal_data_by_their_shape",
        ),
    ),
    Defect(
        "C D22",
        "No cell was null because missing was written in words, and became a category.",
        (
            "splits/test_profile.py::test_every_notice_names_the_column_and_what_to_do",
            "splits/test_profile.py::test_markers_are_found_in_columns_of_many_values",
        ),
    ),
    Defect(
        "D D1",
        "A table written in batches kept its last batch: 5,000 rows of 80,000.",
        (
            f"{_RUN}a_table_in_parts_is_the_whole_table",
            "features/test_features_everywhere.py::test_sixty_four_batches_teach_what_one_does",
        ),
    ),
    Defect(
        "D D3",
        "The best of six on validation was the score told; the test rows were never read.",
        (
            f"{_RUN}the_score_told_is_that_of_rows_that_chose_nothing",
            "promotion/test_better_than_champion.py::test_a_comparison_reads_the_test_rows_once",
        ),
    ),
    Defect(
        "D D6",
        "Two test rows in five were of patients seen in training, and the dead were known to stay away.",
        (
            f"{_LEAKS}patients_on_both_sides_are_counted_and_a_split_by_group_has_none",
            "splits/test_split_laws.py::test_patients_of_the_diabetes_set_are_kept_apart_by_group_alone",
            "sources/test_real_tables.py::test_diabetes_question_marks_are_suggested_and_none_stays_a_level",
            f"{_RUN}the_word_none_is_a_category",
        ),
    ),
    Defect(
        "D D7",
        "An F1 that did not say of what, and accuracy first where one class is everywhere.",
        (
            f"{_NAMES}a_metric_that_does_not_say_what_it_is_cannot_be_written",
            "metrics/test_evaluation.py::test_guessing_gives_what_a_constant_score_gives_in_scikit_learn",
        ),
    ),
    Defect(
        "D D8",
        "Models were pickles without a version, overwritten by copies: no way back, and no safe way to load.",
        (
            f"{_REGISTRY}a_model_is_no_pickle_and_has_a_digest_and_a_way_back",
            "promotion/test_promotion.py::test_promote_rolls_on_and_rollback_goes_back",
        ),
    ),
    Defect(
        "E D1",
        "The whole guide was unreadable, for it had been read in another encoding.",
        (
            f"{_RUN}every_text_is_utf_8_and_was_read_as_such",
            "sources/test_reading_cases.py::test_encodings_are_found_far_from_the_beginning",
        ),
    ),
    Defect(
        "E D2",
        "Tags meant for one experiment went to another.",
        (f"{_REGISTRY}the_second_run_is_tracked_where_the_first_was_with_its_model",),
    ),
    Defect(
        "E D3",
        "The second run failed because the first had made the experiment.",
        (f"{_REGISTRY}the_second_run_is_tracked_where_the_first_was_with_its_model",),
    ),
    Defect(
        "E D4",
        "A search for a number that nobody had logged found nothing, and said nothing.",
        (
            f"{_RUN}a_number_nobody_measures_cannot_be_asked_for",
            f"{_SERVER}all_that_a_run_told_arrived",
        ),
    ),
    Defect(
        "E D5",
        "No model was logged, so that there was nothing to register.",
        (f"{_REGISTRY}the_second_run_is_tracked_where_the_first_was_with_its_model",),
    ),
    Defect(
        "E D6",
        "Parameters were typed again for the tracker, and the test score chose the model.",
        (
            f"{_RUN}what_is_tracked_as_set_is_what_was_set",
            f"{_RUN}the_score_told_is_that_of_rows_that_chose_nothing",
        ),
    ),
)
