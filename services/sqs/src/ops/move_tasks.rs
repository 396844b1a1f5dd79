//! StartMessageMoveTask, CancelMessageMoveTask and ListMessageMoveTasks.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Arn, Call};
use model_sqs::Error;
use model_sqs::types::*;
use serde::{Deserialize, Serialize};
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Tx};

use crate::error::{Failure, invalid, missing, of_store};
use crate::keys;
use crate::limits::{MOVE_RATE, MOVE_TASKS_LISTED, Span};
use crate::ops::batch::unless_empty;
use crate::records::{MoveStatus, MoveTask};
use crate::sqs::{Queue, Sqs};

/// What a caller knows a task by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskHandle {
    pub task_id: String,
    pub source_arn: String,
}

/// A handle holds an ARN and an id; nothing longer is one.
const HANDLE_CHARS_MAX: usize = 4096;

impl TaskHandle {
    pub fn encode(&self) -> String {
        STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    pub fn decode(text: &str) -> Option<Self> {
        let bytes = (text.len() <= HANDLE_CHARS_MAX).then(|| STANDARD.decode(text).ok())??;
        serde_json::from_slice(&bytes).ok()
    }
}

impl Sqs {
    pub async fn start_message_move_task(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: StartMessageMoveTaskInput,
    ) -> Result<StartMessageMoveTaskOutput, Error> {
        let source_arn = parse_arn(&input.source_arn, "SourceArn")?;
        let destination_arn = input.destination_arn.as_deref().filter(|text| !text.is_empty());
        let destination_arn = destination_arn.map(|text| parse_arn(text, "DestinationArn")).transpose()?;
        let rate = input.max_number_of_messages_per_second;
        let id = self.ids.uuid();
        self.transact(|tx, effects| {
            effects.start_move();
            let source = self.named(tx, &call, &source_arn, "SourceArn")?;
            let (account, region) = (source.account(), source.region());
            let sources = KeyRange::prefix(keys::dead_letter_sources(account, region, &source.name));
            if tx.range(sources, RangeOptions::limit(1))?.entries.is_empty() {
                return Err(invalid("Source queue must be configured as a Dead Letter Queue.").into());
            }
            if let Some(arn) = &destination_arn {
                if *arn == source_arn {
                    return Err(
                        invalid("Source queue arn and destination queue arn cannot be the same.").into()
                    );
                }
                let destination = self.named(tx, &call, arn, "DestinationArn")?;
                if destination.record.is_fifo() != source.record.is_fifo() {
                    let text = "The source queue and destination queue must be of the same queue type.";
                    return Err(invalid(text).into());
                }
            }
            let rate = in_span(rate, MOVE_RATE, "MaxNumberOfMessagesPerSecond")?;
            self.check_running(tx, &source)?;
            let to_move = tx.get_unchecked(&source.hot.contents.count())?;
            let to_move =
                to_move.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, i64::from_le_bytes);
            let task = MoveTask {
                id: id.clone(),
                source_arn: source_arn.to_string(),
                destination_arn: destination_arn.as_ref().map(Arn::to_string),
                rate,
                started_ms: call.now.millis(),
                started_version: tx.version(),
                status: MoveStatus::Running,
                moved: 0,
                to_move,
                cursor: None,
            };
            tx.put(keys::move_task(account, region, &source.name, task.started_ms, &id), task.encode());
            Ok(())
        })
        .await?;
        let handle = TaskHandle { task_id: id, source_arn: source_arn.to_string() };
        Ok(StartMessageMoveTaskOutput { task_handle: Some(handle.encode()) })
    }

    pub async fn cancel_message_move_task(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CancelMessageMoveTaskInput,
    ) -> Result<CancelMessageMoveTaskOutput, Error> {
        if input.task_handle.is_empty() {
            return Err(missing("TaskHandle"));
        }
        let handle = TaskHandle::decode(&input.task_handle)
            .ok_or_else(|| invalid("Value for parameter TaskHandle is invalid."))?;
        let source_arn: Arn =
            handle.source_arn.parse().map_err(|_| invalid("Value for parameter TaskHandle is invalid."))?;
        let (moved, _) = self
            .transact(|tx, effects| {
                effects.start_move();
                let source = self.named(tx, &call, &source_arn, "SourceArn")?;
                let mut found =
                    tasks_in(tx, &source)?.into_iter().filter(|(_, task)| task.id == handle.task_id);
                let (key, task) = found
                    .next()
                    .ok_or_else(|| Error::resource_not_found_exception("Task does not exist."))?;
                if task.status != MoveStatus::Running {
                    return Err(invalid("Only active tasks can be cancelled.").into());
                }
                let moved = task.moved;
                tx.put(key, MoveTask { status: MoveStatus::Cancelling, ..task }.encode());
                Ok(moved)
            })
            .await?;
        Ok(CancelMessageMoveTaskOutput { approximate_number_of_messages_moved: Some(moved) })
    }

    pub async fn list_message_move_tasks(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListMessageMoveTasksInput,
    ) -> Result<ListMessageMoveTasksOutput, Error> {
        let source_arn = parse_arn(&input.source_arn, "SourceArn")?;
        let mut tx = self.store.begin();
        let source = self.named(&mut tx, &call, &source_arn, "SourceArn")?;
        let max =
            in_span(input.max_results, MOVE_TASKS_LISTED, "MaxResults")?.unwrap_or(MOVE_TASKS_LISTED.default);
        let rows = KeyRange::prefix(keys::move_tasks(source.account(), source.region(), &source.name));
        let page =
            tx.range_unchecked(rows, RangeOptions::limit(max as usize).reversed()).map_err(of_store)?;
        let tasks = page.entries.iter().map(|(_, bytes)| MoveTask::decode(bytes));
        let tasks = tasks.collect::<Result<Vec<_>, _>>().map_err(Failure::from)?;
        let results = tasks.into_iter().map(shown).collect();
        Ok(ListMessageMoveTasksOutput { results: unless_empty(results) })
    }

    /// The queue with this ARN, which must be the caller's.
    fn named(&self, tx: &mut Tx, call: &Call, arn: &Arn, parameter: &str) -> Result<Arc<Queue>, Failure> {
        let own = arn.account() == call.account && arn.region() == call.region;
        let found = if own { self.find_in(tx, &call.account, &call.region, arn.resource())? } else { None };
        let text = format!("The resource that you specified for the {parameter} parameter doesn't exist.");
        Ok(found.ok_or_else(|| Error::resource_not_found_exception(text))?)
    }

    /// Refuses a task beside another of the same source, or beside too many.
    fn check_running(&self, tx: &mut Tx, source: &Queue) -> Result<(), Failure> {
        if tasks_in(tx, source)?.iter().any(|(_, task)| task.status.is_active()) {
            return Err(invalid(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given \
                 time.",
            )
            .into());
        }
        let mut range = KeyRange::prefix(keys::all_move_tasks(source.account(), source.region()));
        let mut active = 0;
        loop {
            let page = tx.range_unchecked(range.clone(), RangeOptions::default())?;
            for (_, bytes) in &page.entries {
                active += usize::from(MoveTask::decode(bytes)?.status.is_active());
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => break,
            }
        }
        if active >= self.limits.move_tasks_running_max {
            return Err(Error::over_limit("Too many message move tasks are active.").into());
        }
        Ok(())
    }
}

/// The latest tasks of a source. Finished ones are removed after a time, so there are never many.
fn tasks_in(tx: &mut Tx, source: &Queue) -> Result<Vec<(bytes::Bytes, MoveTask)>, Failure> {
    let rows = KeyRange::prefix(keys::move_tasks(source.account(), source.region(), &source.name));
    let page = tx.range(rows, RangeOptions::default().reversed())?;
    let tasks = page.entries.into_iter().map(|(key, bytes)| Ok((key, MoveTask::decode(&bytes)?)));
    tasks.collect()
}

fn parse_arn(text: &str, parameter: &str) -> Result<Arn, Error> {
    if text.is_empty() {
        return Err(missing(parameter));
    }
    text.parse::<Arn>().ok().filter(|arn| arn.service() == "sqs").ok_or_else(|| {
        invalid(format!(
            "You must use this format to specify the {parameter}: \
             arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ))
    })
}

fn in_span(value: Option<i32>, span: Span, parameter: &str) -> Result<Option<u32>, Error> {
    let Some(value) = value else { return Ok(None) };
    let n = u32::try_from(value).ok().filter(|n| (span.min..=span.max).contains(n));
    n.map(Some).ok_or_else(|| {
        let Span { min, max, .. } = span;
        let reason = format!("You must enter a number that's between {min} and {max}.");
        invalid(format!("Value for parameter {parameter} is invalid. Reason: {reason}"))
    })
}

fn shown(task: MoveTask) -> ListMessageMoveTasksResultEntry {
    let handle = TaskHandle { task_id: task.id, source_arn: task.source_arn.clone() };
    let failure_reason = match &task.status {
        MoveStatus::Failed(reason) => Some(reason.clone()),
        _ => None,
    };
    ListMessageMoveTasksResultEntry {
        task_handle: (task.status == MoveStatus::Running).then(|| handle.encode()),
        status: Some(task.status.as_str().to_owned()),
        source_arn: Some(task.source_arn),
        destination_arn: task.destination_arn,
        max_number_of_messages_per_second: task.rate.and_then(|rate| i32::try_from(rate).ok()),
        approximate_number_of_messages_moved: Some(task.moved),
        approximate_number_of_messages_to_move: Some(task.to_move),
        failure_reason,
        started_timestamp: Some(task.started_ms),
    }
}
