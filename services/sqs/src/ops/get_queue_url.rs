//! GetQueueUrl.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::{GetQueueUrlInput, GetQueueUrlOutput};
use service::Allowed;

use crate::resource;
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn get_queue_url(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        _: GetQueueUrlInput,
    ) -> Result<GetQueueUrlOutput, Error> {
        Ok(GetQueueUrlOutput { queue_url: Some(resource::url(&call, queue.account(), &queue.name)) })
    }
}
