//! The outbox as tests inspect it.

use super::{TestApp, tables};
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::outbox::{Envelope, Message, PREFIX};
use crate::table::item::{body, string};
use crate::table::read::{PageQuery, Reader};

/// A message in the outbox.
#[derive(Clone, Debug)]
pub struct Posted {
    pub partition: String,
    pub envelope: Envelope,
}

impl Posted {
    pub fn payload<M: Message>(&self) -> Result<M, serde_json::Error> {
        serde_json::from_value(self.envelope.payload.clone())
    }
}

impl TestApp {
    /// The messages of one name in the outbox of a workspace or user, oldest first.
    pub async fn outbox<M: Message>(&self, partition: &str) -> Result<Vec<Posted>, Problem> {
        let reader = Reader { aws: &self.fixtures.aws, session: None };
        let query = PageQuery {
            table: Table::Outbox,
            partition,
            prefix: PREFIX,
            after: None,
            limit: 1000,
            newest_first: false,
        };
        let (items, _) = reader.page(query).await?;
        let mut posted = Vec::new();
        for item in &items {
            let envelope: Envelope = body(item)?;
            if envelope.name == M::NAME {
                posted.push(Posted { partition: partition.to_owned(), envelope });
            }
        }
        Ok(posted)
    }

    /// The messages of one name in every outbox of the deployment, unordered.
    pub async fn whole_outbox<M: Message>(&self) -> Result<Vec<Posted>, Problem> {
        let mut posted = Vec::new();
        for item in tables::scan(&self.fixtures.aws, Table::Outbox).await? {
            let (partition, envelope): (_, Envelope) = (string(&item, "pk").unwrap_or_default(), body(&item)?);
            if envelope.name == M::NAME {
                posted.push(Posted { partition: partition.to_owned(), envelope });
            }
        }
        Ok(posted)
    }

    /// Deletes every message, as if the relay had sent it.
    pub async fn empty_outbox(&self) -> Result<(), Problem> {
        tables::empty(&self.fixtures.aws, Table::Outbox).await
    }
}
