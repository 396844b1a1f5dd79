//! ListStreams.

use std::sync::Arc;

use kernel::Call;
use model_dynamodbstreams::Error;
use model_dynamodbstreams::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _};

use super::arn::StreamArn;
use super::{Streams, broken, is_readable, validation};
use crate::keys::{Place, names_after};
use crate::limits::STREAMS_PAGE_MAX;
use crate::name::{TableName, is_name};
use crate::records;

impl Streams {
    /// Streams in the order of their tables' names, and of time.
    pub async fn list_streams(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListStreamsInput,
    ) -> Result<ListStreamsOutput, Error> {
        let limit = input.limit.map_or(Ok(STREAMS_PAGE_MAX), |limit| {
            let good = usize::try_from(limit).ok().filter(|limit| (1..=STREAMS_PAGE_MAX).contains(limit));
            good.ok_or_else(|| broken("limit", limit, "have value between 1 and 100"))
        })?;
        let place = Place::of(&call);
        let streams = place.streams();
        let mut range = match input.table_name.as_deref().map(table_name).transpose()? {
            Some(table) => KeyRange::prefix(place.streams_of(&table)),
            None => KeyRange::prefix(&streams),
        };
        if let Some(start) = &input.exclusive_start_stream_arn {
            let start = StreamArn::parse(start).filter(|start| start.place == place);
            let start = start.ok_or_else(|| validation("Invalid ExclusiveStartStreamArn"))?;
            range = range.after(&place.stream(&start.table, &start.label));
        }
        let snapshot = self.store.snapshot();
        let mut found = Vec::new();
        let more = loop {
            // One more than are wanted tells whether there are more.
            let page = snapshot.range(range.clone(), RangeOptions::limit(limit + 1))?;
            for (row, record) in &page.entries {
                let record = records::Stream::decode(record).map_err(store::Error::from)?;
                if is_readable(&record, self.clock.now()) {
                    let (table, label) = names_after(row, &streams).map_err(store::Error::from)?;
                    found.push(StreamArn { place: place.clone(), table, label });
                }
            }
            match page.entries.last() {
                _ if found.len() > limit => break true,
                Some((last, _)) if page.more => range = range.after(last),
                _ => break false,
            }
        };
        found.truncate(limit);
        Ok(ListStreamsOutput {
            last_evaluated_stream_arn: found.last().filter(|_| more).map(StreamArn::to_string),
            streams: Some(found.into_iter().map(shown).collect()),
        })
    }
}

fn shown(arn: StreamArn) -> model_dynamodbstreams::types::Stream {
    model_dynamodbstreams::types::Stream {
        stream_arn: Some(arn.to_string()),
        table_name: Some(arn.table),
        stream_label: Some(arn.label),
    }
}

/// The name in a name or ARN of a table.
fn table_name(given: &str) -> Result<String, Error> {
    let of_arn = TableName::of_arn(given).map(|table| table.name);
    let name = of_arn.unwrap_or_else(|| given.to_owned());
    if is_name(&name) { Ok(name) } else { Err(validation(format!("Invalid TableName: {given}"))) }
}
