//! GetRandomPassword.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::limits::PASSWORD_DEFAULT;
use crate::password::Recipe;
use crate::secrets::Secrets;

impl Secrets {
    pub async fn get_random_password(
        self: Arc<Self>,
        _: Arc<Call>,
        _: Allowed<()>,
        input: GetRandomPasswordInput,
    ) -> Result<GetRandomPasswordOutput, Error> {
        let included = |excluded: Option<bool>| excluded != Some(true);
        let recipe = Recipe {
            length: input
                .password_length
                .and_then(|length| usize::try_from(length).ok())
                .unwrap_or(PASSWORD_DEFAULT),
            excluded: input.exclude_characters.unwrap_or_default(),
            numbers: included(input.exclude_numbers),
            punctuation: included(input.exclude_punctuation),
            uppercase: included(input.exclude_uppercase),
            lowercase: included(input.exclude_lowercase),
            space: input.include_space == Some(true),
            each: input.require_each_included_type != Some(false),
        };
        Ok(GetRandomPasswordOutput { random_password: Some(recipe.make(self.ids)?) })
    }
}
