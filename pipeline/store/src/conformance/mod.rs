//! The suite that every store must pass: two databases mean the same when both do.
//!
//! A store's tests implement [`Stand`] and write `pipeline_store::conformance_suite!(…)`. Every store change starts here.

pub mod accepting;
pub mod archiving;
pub mod claiming;
pub mod counting;
pub mod delivering;
pub mod dumping;
pub mod failing;
pub mod following;
mod jobs_sample;
pub mod lanes;
pub mod leases;
pub mod mailing;
pub mod mending;
pub mod model;
pub mod needing;
pub mod noticing;
pub mod places;
pub mod plans;
pub mod privacy;
mod sample;
pub mod scheduling;
pub mod settling;
pub mod unique;

use std::future::Future;

use crate::Store;

/// Where a suite gets its stores from. One stand is one empty database, made anew for each case.
pub trait Stand: Send + Sync {
    /// The store under test. A clone is another handle on the same one.
    type Store: Store + Clone + 'static;

    /// Opens the stand's database: empty the first time, as it was left the next. May be called while another is open.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Every text in every row of every table, the store's own book-keeping included.
    fn texts(&self) -> impl Future<Output = Vec<String>> + Send;
}

/// One test per case. `$stand` is an expression that makes a fresh [`Stand`].
#[macro_export]
macro_rules! conformance_suite {
    ($stand:expr) => {
        $crate::conformance_suite!($stand; accepting:
            same_content_is_known, same_id_with_other_content_is_refused, a_plan_has_one_folder, years_are_those_of_oslo,
            numbers_are_dense_when_many_come_at_once, the_same_content_many_times_at_once_is_taken_once,
            pending_comes_oldest_first_and_in_pages, what_was_acknowledged_survives_a_crash, states_are_found_by_content, folders_list_what_is_in_them);
        $crate::conformance_suite!($stand; archiving:
            archiving_twice_is_once, without_mail_a_document_is_notified_at_once, another_place_is_refused,
            a_refused_notice_leaves_nothing, an_unknown_document_is_refused, archiving_survives_a_crash);
        $crate::conformance_suite!($stand; failing:
            retry_times_are_respected, a_failed_document_waits_for_a_person, a_failed_document_may_turn_out_archived,
            a_late_failure_changes_no_decision, a_waiting_document_can_be_made_due, long_details_are_cut);
        $crate::conformance_suite!($stand; mailing:
            a_mail_by_server, a_mail_by_folder, a_mail_is_claimed_once, a_refused_mail_is_tried_again_and_then_left,
            a_doubtful_mail_waits_for_a_person, outcomes_need_a_claim, a_crash_frees_claims_and_keeps_doubt,
            one_store_sends_at_a_time, many_claims_at_once);
        $crate::conformance_suite!($stand; counting: a_run_reports_once, counts_add_up, a_killed_run_stays_open);
        $crate::conformance_suite!($stand; claiming:
            a_claim_brings_the_job, claims_come_in_order, small_claims_keep_the_order, a_job_waits_for_its_time,
            queues_are_apart_and_limits_hold, a_paused_queue_gives_nothing, a_limit_holds_over_all_workers,
            many_claimers_get_each_job_once, what_is_too_much_is_refused_whole, jobs_survive_a_restart);
        $crate::conformance_suite!($stand; settling:
            a_stale_lease_changes_nothing, a_sleeper_that_wakes_has_changed_nothing, late_is_not_lost,
            one_that_fails_takes_no_other_with_it, what_follows_comes_with_the_end, a_job_may_follow_itself,
            failures_are_counted_to_the_limit, returned_and_snoozed_cost_nothing, the_history_is_complete, effects_land_with_the_end);
        $crate::conformance_suite!($stand; lanes:
            a_lane_goes_one_by_one, a_lane_filled_at_once_keeps_its_order, a_lane_is_handed_on,
            a_lane_goes_on_when_the_follow_up_exists, who_keeps_the_lane_and_who_passes_it_on, a_rescue_that_kills_passes_the_lane_on,
            cancelling_in_a_lane, a_lane_waits_for_the_time_of_its_head, a_retried_job_goes_to_the_end_of_its_lane,
            many_lanes_many_claimers);
        $crate::conformance_suite!($stand; unique:
            the_unfinished_one_is_answered, a_key_is_free_again_at_the_end, a_retry_respects_the_key, many_enqueuers_make_one_job);
        $crate::conformance_suite!($stand; leases:
            a_beat_extends_the_lease, a_beat_tells_what_must_stop, progress_is_handed_on, a_rescue_is_charged_and_backs_off,
            a_rescue_spreads, a_poison_job_dies_at_the_rescue, a_rescue_keeps_its_limit, a_lease_from_a_wrong_clock_is_cut,
            an_early_rescue_is_fenced, a_called_off_job_does_not_come_back, workers_come_and_go);
        $crate::conformance_suite!($stand; mending:
            cancelling_by_state, a_dead_job_is_retried, a_ready_job_is_made_due, dead_jobs_are_retried_in_groups,
            a_dead_job_is_given_up, jobs_are_listed, queues_in_numbers, old_jobs_are_pruned, wakeups_reach_every_handle);
        $crate::conformance_suite!($stand; scheduling:
            the_list_is_taken_over, a_firing_moves_the_schedule, a_refused_job_fires_nothing, no_time_fires_twice,
            a_schedule_is_brought_back, old_firings_go,
            four_handles_fire_each_time_once);
        $crate::conformance_suite!($stand; following:
            acceptance_enqueues_once, a_known_document_without_jobs_gets_them, a_refused_follow_up_refuses_the_document,
            documents_of_a_folder_go_in_order, recording_finishes_what_has_not_begun, a_job_that_records_hands_on,
            retrying_a_document_brings_its_job_back, retrying_a_waiting_document_makes_its_job_due);
        $crate::conformance_suite!($stand; plans:
            an_event_reserves_the_folder, the_same_event_is_known, an_event_id_is_not_used_twice, what_an_event_brings_comes_with_it,
            what_is_refused_leaves_nothing_of_the_event, facts_come_back_in_order, a_document_has_one_fact, events_are_found_by_content,
            the_same_event_many_times_at_once_is_taken_once, events_survive_a_crash_whole);
        $crate::conformance_suite!($stand; places:
            a_place_that_is_taken, a_plan_has_one_place, what_is_known_moves_no_place, many_claim_one_place,
            random_claims_follow_the_model);
        $crate::conformance_suite!($stand; needing:
            mail_that_is_open_keeps_its_event, the_newest_contacts_are_kept, a_closed_plan_keeps_no_contacts,
            an_invitation_is_kept_for_its_meeting);
        $crate::conformance_suite!($stand; noticing:
            a_schedules_notices_are_queued_once, a_refused_notice_queues_nothing, many_schedules_queue_once, mails_are_found,
            a_mail_is_found_by_its_message_id, a_late_notice_leaves_its_document_notified, an_address_is_blocked_and_confirmed,
            many_block_one_address);
        $crate::conformance_suite!($stand; delivering:
            a_delivery_is_opened_once, a_delivery_is_changed_as_it_was_seen, many_change_one_delivery,
            a_delivery_is_found_by_its_messages, deliveries_are_listed);
        $crate::conformance_suite!($stand; model: random_steps_follow_the_model);
        $crate::conformance_suite!($stand; privacy: no_row_holds_a_personal_value);
    };
    ($stand:expr; $module:ident: $($case:ident),+ $(,)?) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    $crate::conformance::$module::$case(&$stand).await;
                }
            )+
        }
    };
}
