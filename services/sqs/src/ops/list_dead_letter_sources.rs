//! ListDeadLetterSourceQueues.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::{ListDeadLetterSourceQueuesInput, ListDeadLetterSourceQueuesOutput};
use service::Allowed;
use store::{KeyRange, RangeOptions};

use crate::error::{corrupt, of_store};
use crate::ops::batch::unless_empty;
use crate::ops::page_token::{self, PageToken};
use crate::sqs::{Queue, Sqs};
use crate::{keys, resource};

impl Sqs {
    pub async fn list_dead_letter_source_queues(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: ListDeadLetterSourceQueuesInput,
    ) -> Result<ListDeadLetterSourceQueuesOutput, Error> {
        let max = input.max_results.filter(|max| *max != 0);
        let token = input.next_token.as_deref();
        let page = page_token::check(max, token, &queue.name, "Invalid or expired next token.")?;
        let (account, region) = (queue.account(), queue.region());
        let rows = keys::dead_letter_sources(account, region, &queue.name);
        let mut range = KeyRange::prefix(&rows);
        if let Some(after) = &page.after {
            range = range.after(&keys::dead_letter_source(account, region, &queue.name, after));
        }
        let found = self.store.snapshot().range(range, RangeOptions::limit(page.max)).map_err(of_store)?;
        let names = found.entries.iter().map(|(key, _)| keys::queue_name(key, &rows));
        let names: Vec<String> = names.collect::<Result<_, _>>().map_err(|error| of_store(corrupt(error)))?;
        let last = names.last().filter(|_| found.more && page.counted);
        let next_token = last.map(|last| PageToken { last: last.clone(), of: queue.name.clone() }.encode());
        let urls = names.iter().map(|name| resource::url(&call, queue.account(), name)).collect();
        Ok(ListDeadLetterSourceQueuesOutput { queue_urls: unless_empty(urls), next_token })
    }
}
