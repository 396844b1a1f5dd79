//! DescribeStream.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_dynamodbstreams::Error;
use model_dynamodbstreams::types::*;
use service::Allowed;

use super::shard::{id, sequence_number};
use super::{Reached, Stream, Streams, broken};
use crate::limits::STREAMS_PAGE_MAX;
use crate::records::View;
use crate::schema::KeyNames;

impl Streams {
    pub async fn describe_stream(
        self: Arc<Self>,
        _: Arc<Call>,
        reached: Allowed<Reached>,
        input: DescribeStreamInput,
    ) -> Result<DescribeStreamOutput, Error> {
        if let Some(limit) = input.limit
            && !usize::try_from(limit).is_ok_and(|limit| (1..=STREAMS_PAGE_MAX).contains(&limit))
        {
            return Err(broken("limit", limit, "have value between 1 and 100"));
        }
        let children_only = match &input.shard_filter {
            None => false,
            Some(ShardFilter { r#type: Some(_), shard_id: Some(_) }) => true,
            Some(ShardFilter { r#type: None, .. }) => {
                return Err(broken("shardFilter.type", "null", "not be null"));
            }
            Some(ShardFilter { shard_id: None, .. }) => {
                return Err(broken("shardFilter.shardId", "null", "not be null"));
            }
        };
        let stream = Stream::open(&reached)?;
        let shard = shard(&stream);
        // The one shard has no children.
        let comes = !children_only && input.exclusive_start_shard_id < shard.shard_id;
        let shards = if comes { vec![shard] } else { Vec::new() };
        let status =
            if stream.record.ended_ms.is_some() { StreamStatus::Disabled } else { StreamStatus::Enabled };
        Ok(DescribeStreamOutput {
            stream_description: Some(StreamDescription {
                stream_arn: Some(stream.arn.to_string()),
                stream_label: Some(stream.arn.label.clone()),
                stream_status: Some(status.into()),
                stream_view_type: Some(view(stream.record.view).into()),
                creation_request_date_time: Some(Timestamp::from_millis(stream.record.created_ms)),
                table_name: Some(stream.arn.table.clone()),
                key_schema: Some(key_schema(&stream.record.key)),
                shards: Some(shards),
                last_evaluated_shard_id: None,
            }),
        })
    }
}

fn shard(stream: &Stream<'_>) -> Shard {
    Shard {
        shard_id: Some(id(stream)),
        sequence_number_range: Some(SequenceNumberRange {
            starting_sequence_number: Some(sequence_number(stream.begin)),
            ending_sequence_number: stream.end.map(sequence_number),
        }),
        parent_shard_id: None,
    }
}

/// A view as requests name it.
pub fn view(view: View) -> StreamViewType {
    match view {
        View::KeysOnly => StreamViewType::KeysOnly,
        View::New => StreamViewType::NewImage,
        View::Old => StreamViewType::OldImage,
        View::Both => StreamViewType::NewAndOldImages,
    }
}

fn key_schema(key: &KeyNames) -> Vec<KeySchemaElement> {
    let of = |kind: KeyType| {
        move |name: &String| KeySchemaElement {
            attribute_name: Some(name.clone()),
            key_type: Some(kind.into()),
        }
    };
    key.partition.iter().map(of(KeyType::Hash)).chain(key.sort.iter().map(of(KeyType::Range))).collect()
}
