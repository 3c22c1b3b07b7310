//! The table of DOMAIN § 4 as data: what a role may do at all, and how it must stand to the plan. Read it beside the page.
//! What stands in the way at a given moment is in `bars.rs`; what goes with a yes is in `duties.rs`.
//!
//! The page's letters mean: R a `Read…`, W a `Write…`, P `Print` and `Export`, A `OrderArchiving`. Approving or writing a consent
//! includes reading it. The column `Operations` is SECURITY § 2; where the two pages differ, the narrower one counts.

use crate::{
    Action::{self, *},
    Obligation, Relation,
    Role::{self, *},
};

/// One cell: what the role may do in the column, and what every such yes is limited to.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// What may be done.
    pub actions: &'static [Action],
    /// Limits that the page writes in the cell itself, such as «e-mail only».
    pub limits: &'static [Obligation],
}

/// One line of the page.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The roles that share the line.
    pub roles: &'static [Role],
    /// The only relation to a plan that counts for them.
    pub reach: Relation,
    /// In the order of [`Column::ALL`](crate::Column::ALL).
    pub cells: [Cell; 8],
}

const fn may(actions: &'static [Action]) -> Cell {
    Cell { actions, limits: &[] }
}

const fn only(actions: &'static [Action], limits: &'static [Obligation]) -> Cell {
    Cell { actions, limits }
}

const NOTHING: Cell = may(&[]);

/// The page, line by line and column by column.
pub const TABLE: [Row; 9] = [
    Row {
        roles: &[Subject, PlanOwner],
        reach: Relation::OwnPlan,
        cells: [
            may(&[ReadPlan, WritePlan]),                          // Plan content: R W
            may(&[ReadMinutes]),                                  // Minutes and attachments: R
            NOTHING,                                              // Other participants' contact data: –
            may(&[ReadConsent, ApproveConsent, WithdrawConsent]), // Consent: approve, withdraw
            may(&[Print, Export]),                                // Print: P
            NOTHING,                                              // Archive packages: –
            may(&[AskToClose]),                                   // Start or close: may ask to close
            may(&[ReadAccessLog]),                                // who looked at my case
        ],
    },
    Row {
        roles: &[Guardian, LegalGuardian],
        reach: Relation::OwnChild,
        cells: [
            may(&[ReadPlan, WritePlan]),                          // R W on behalf of the subject
            may(&[ReadMinutes]),                                  // R
            NOTHING,                                              // –
            may(&[ReadConsent, ApproveConsent, WithdrawConsent]), // approve, withdraw
            may(&[Print, Export]),                                // P
            NOTHING,                                              // –
            may(&[AskToClose]),                                   // may ask to close
            may(&[ReadAccessLog]),                                // who looked at my case
        ],
    },
    Row {
        roles: &[Participant],
        reach: Relation::TakesPart,
        cells: [
            may(&[ReadPlan, WritePlan]), // R W within scope
            may(&[ReadMinutes]),         // R within scope
            NOTHING,                     // –
            NOTHING,                     // –
            may(&[Print, Export]),       // P within scope
            NOTHING,                     // –
            NOTHING,                     // –
            NOTHING,
        ],
    },
    Row {
        roles: &[PlanLead, IopLead],
        reach: Relation::Leads,
        cells: [
            may(&[ReadPlan, WritePlan]),                       // R W
            may(&[ReadMinutes, WriteMinutes]),                 // R W
            may(&[ReadContact]),                               // R
            may(&[ReadConsent, WriteConsent, RequestConsent]), // write, send for approval
            may(&[Print, Export]),                             // P
            may(&[OrderArchiving]),                            // A
            may(&[CreatePlan, TransferPlan, PassivisePlan]),   // create, transfer, passivise
            may(&[SeeStatus, ManageMail]),
        ],
    },
    Row {
        roles: &[ProfessionalLead],
        reach: Relation::OwnUnit,
        cells: [
            may(&[ReadPlan]),                 // R, own unit
            may(&[ReadMinutes]),              // R, own unit
            may(&[ReadContact]),              // R, own unit
            may(&[ReadConsent]),              // R
            may(&[Print, Export]),            // P, own unit
            may(&[OrderArchiving]),           // A, own unit
            may(&[CreatePlan, TransferPlan]), // create, transfer
            may(&[SeeStatus, ManageMail]),
        ],
    },
    Row {
        roles: &[LocalAdmin],
        reach: Relation::OwnArea,
        cells: [
            may(&[ReadPlan]),                             // R, own area
            may(&[ReadMinutes]),                          // R, own area
            may(&[ReadContact]),                          // R, own area
            may(&[ReadConsent]),                          // R
            may(&[Print, Export]),                        // P, own area
            may(&[OrderArchiving]),                       // A, own area
            may(&[CreatePlan, TransferPlan, ReopenPlan]), // create, transfer, reopen
            may(&[SeeStatus, ManageMail, RetryFailed, ManageAccess]),
        ],
    },
    Row {
        roles: &[Admin],
        reach: Relation::OwnMunicipality,
        cells: [
            may(&[ReadPlan]),                                          // content only with a stated reason
            may(&[ReadMinutes]),                                       // same
            may(&[ReadContact]),                                       // R
            may(&[ReadConsent]),                                       // R
            may(&[Print, Export]),                                     // P, logged reason
            may(&[OrderArchiving]),                                    // A
            may(&[CreatePlan, TransferPlan, ReopenPlan]),              // create, transfer, reopen
            may(&[SeeStatus, RetryFailed, ManageAccess, ChangeSetup]), // setup
        ],
    },
    Row {
        roles: &[Archivist],
        reach: Relation::OwnMunicipality,
        cells: [
            NOTHING,              // –
            NOTHING,              // –
            NOTHING,              // –
            NOTHING,              // –
            NOTHING,              // –
            may(&[ReadPackages]), // R sealed packages, receipts, reports
            NOTHING,              // –
            NOTHING,
        ],
    },
    Row {
        roles: &[Pipeline],
        reach: Relation::JobInHand,
        cells: [
            may(&[ReadPlan]),                                // R for the job in hand
            may(&[ReadMinutes]),                             // same
            only(&[ReadContact], &[Obligation::EmailOnly]),  // R e-mail only
            only(&[ReadConsent], &[Obligation::StatusOnly]), // R status
            NOTHING,                                         // –
            may(&[WritePackages]),                           // W
            NOTHING,                                         // –
            may(&[SeeStatus]),
        ],
    },
];

/// The role's line. Every role has exactly one; a test counts them.
pub fn row(role: Role) -> &'static Row {
    TABLE.iter().find(|row| row.roles.contains(&role)).expect("every role has its line in the table")
}

/// The cell that gives the role the action, if any does.
pub fn cell(role: Role, action: Action) -> Option<&'static Cell> {
    row(role).cells.iter().find(|cell| cell.actions.contains(&action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    #[test]
    fn every_role_has_one_line_and_every_action_one_column() {
        for role in Role::ALL {
            assert_eq!(TABLE.iter().filter(|row| row.roles.contains(role)).count(), 1, "{role}");
        }
        for action in Action::ALL {
            let columns: Vec<usize> =
                (0..Column::ALL.len()).filter(|n| TABLE.iter().any(|row| row.cells[*n].actions.contains(action))).collect();
            assert_eq!(columns.len(), 1, "{action}");
        }
    }

    #[test]
    fn an_action_stands_once_in_a_line() {
        for row in &TABLE {
            let mut actions: Vec<Action> = row.cells.iter().flat_map(|c| c.actions.iter().copied()).collect();
            let all = actions.len();
            actions.sort_unstable();
            actions.dedup();
            assert_eq!(actions.len(), all, "{:?}", row.roles);
        }
    }
}
