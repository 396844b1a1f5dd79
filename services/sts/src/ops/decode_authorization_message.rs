//! DecodeAuthorizationMessage.

use std::sync::Arc;

use identity::token;
use kernel::Call;
use model_sts::Error;
use model_sts::types::{DecodeAuthorizationMessageInput, DecodeAuthorizationMessageOutput};
use service::Allowed;

use crate::sts::Sts;

impl Sts {
    /// Messages open in the account of the caller whom they were given to.
    pub async fn decode_authorization_message(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DecodeAuthorizationMessageInput,
    ) -> Result<DecodeAuthorizationMessageOutput, Error> {
        let text = token::open_message(&self.deps.vault, &call.principal.account, &input.encoded_message);
        let text =
            text.ok_or_else(|| Error::invalid_authorization_message_exception("Message is not valid"))?;
        Ok(DecodeAuthorizationMessageOutput { decoded_message: Some(text) })
    }
}
