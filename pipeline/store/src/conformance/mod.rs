//! The suite that every store must pass: two databases mean the same when both do.
//!
//! A store's tests implement [`Stand`] and write `pipeline_store::conformance_suite!(…)`. Every store change starts here.

pub mod accepting;
pub mod archiving;
pub mod counting;
pub mod failing;
pub mod mailing;
pub mod privacy;
mod sample;

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
