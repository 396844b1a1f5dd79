//! ListQueues.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::{ListQueuesInput, ListQueuesOutput};
use service::Allowed;
use store::{KeyRange, RangeOptions};

use crate::error::{corrupt, of_store};
use crate::ops::batch::unless_empty;
use crate::ops::page_token::{self, PageToken};
use crate::sqs::Sqs;
use crate::{keys, resource};

impl Sqs {
    pub async fn list_queues(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListQueuesInput,
    ) -> Result<ListQueuesOutput, Error> {
        let prefix = input.queue_name_prefix.unwrap_or_default();
        let page = page_token::check(
            input.max_results,
            input.next_token.as_deref(),
            &prefix,
            "Invalid NextToken value.",
        )?;
        let rows = keys::queues(&call.account, &call.region);
        let all = KeyRange::prefix(&rows);
        // Names are in order, so those with the prefix follow one another.
        let first = keys::queue(&call.account, &call.region, &prefix);
        let mut range = KeyRange::new(first, all.end);
        if let Some(after) = &page.after {
            range = range.after(&keys::queue(&call.account, &call.region, after));
        }
        let snapshot = self.store.snapshot();
        let mut names: Vec<String> = Vec::new();
        // One more than is shown tells whether there is a next page.
        'pages: loop {
            let found = snapshot.range(range.clone(), RangeOptions::limit(page.max + 1)).map_err(of_store)?;
            for (key, _) in &found.entries {
                let name = keys::queue_name(key, &rows).map_err(|error| of_store(corrupt(error)))?;
                if !name.starts_with(&prefix) || names.len() > page.max {
                    break 'pages;
                }
                names.push(name);
            }
            match found.entries.last() {
                Some((last, _)) if found.more => range = range.after(last),
                _ => break,
            }
        }
        let next_token = (names.len() > page.max && page.counted)
            .then(|| PageToken { last: names[page.max - 1].clone(), of: prefix.clone() }.encode());
        names.truncate(page.max);
        let urls = names.iter().map(|name| resource::url(&call, &call.account, name)).collect();
        Ok(ListQueuesOutput { queue_urls: unless_empty(urls), next_token })
    }
}
