//! Who is told on paper. Inside an open transaction.

use pipeline_domain::{RecipientRef, Timestamp};
use pipeline_store::{FactSource, Recorded, StoreError};
use sqlx::PgConnection;

use crate::{archive::changed, fault::Doing};

/// Puts somebody on the list, unless they stand there for the same thing.
pub(crate) async fn list(c: &mut PgConnection, about: FactSource, recipient: RecipientRef, at: Timestamp) -> Result<Recorded, StoreError> {
    let (event, document) = (about.event().map(|id| id.to_string()), about.document());
    let (id, version) = (document.map(|d| d.id.to_string()), document.map(|d| i64::from(d.version.0)));
    let (recipient, at) = (recipient.to_string(), at.unix_seconds());
    let insert = sqlx::query!(
        "insert into paper_list (document_id, version, event_id, recipient, listed_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        id,
        version,
        event,
        recipient,
        at,
    );
    Ok(changed(&insert.execute(c).await.doing("put a recipient on the paper list")?))
}
