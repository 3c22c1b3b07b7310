//! `notify`: sends the mail about one document. The outbox decides what may be sent; this job only comes by when it is time.

use std::{sync::Arc, time::Duration};

use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{Mail, MailFilter, MailState, Outbox};

use super::{DocumentArgs, EventArgs, told, trouble, waits};
use crate::{
    failure::Failure,
    jobs::tell::{self, Relay},
    shell::{Outlet, Shell},
};

/// More mails than this about one document are sent by the job's next comings.
const MOST: u32 = 500;
/// How long a relay that does not answer is left alone.
const RELAY_REST: Duration = Duration::from_secs(60);

/// Sends what is due, and comes back for what is due later.
pub async fn notify(shell: Arc<Shell>, outlet: Arc<Outlet>, ctx: JobContext) -> Conclusion {
    let args: DocumentArgs = match told(&ctx) {
        Ok(args) => args,
        Err(end) => return *end,
    };
    let of_document = MailFilter { document: Some(args.key()), ..waiting() };
    come_by(&shell, &outlet, of_document, &ctx).await.unwrap_or_else(trouble)
}

/// The same for what an event or a schedule tells of.
pub async fn notify_event(shell: Arc<Shell>, outlet: Arc<Outlet>, ctx: JobContext) -> Conclusion {
    let args: EventArgs = match told(&ctx) {
        Ok(args) => args,
        Err(end) => return *end,
    };
    let of_event = MailFilter { event: Some(args.event_id), ..waiting() };
    come_by(&shell, &outlet, of_event, &ctx).await.unwrap_or_else(trouble)
}

fn waiting() -> MailFilter {
    MailFilter { state: Some(MailState::Queued), ..MailFilter::default() }
}

async fn come_by(shell: &Arc<Shell>, outlet: &Arc<Outlet>, ours: MailFilter, ctx: &JobContext) -> Result<Conclusion, Failure> {
    for mail in shell.store.mails(&ours, MOST).await? {
        if ctx.stop.is_cancelled() {
            return Ok(Conclusion::stopped());
        }
        if waits(mail.attempts, mail.next_at, shell.clock.now()) {
            continue;
        }
        let (_, relay) = tell::send(shell, outlet, mail).await?;
        if relay == Relay::Down {
            return Ok(Conclusion::snooze_for(RELAY_REST, Some(ErrorCode::MailTemporary)));
        }
    }
    let open = shell.store.mails(&ours, MOST).await?;
    let now = shell.clock.now();
    let (later, soon): (Vec<Mail>, Vec<Mail>) = open.into_iter().partition(|m| waits(m.attempts, m.next_at, now));
    let next: Option<Timestamp> = later.iter().map(|m| m.next_at).min();
    Ok(match next {
        _ if !soon.is_empty() => Conclusion::snooze_for(Duration::from_secs(1), None),
        Some(at) => Conclusion::snooze(at),
        None => Conclusion::done(),
    })
}
