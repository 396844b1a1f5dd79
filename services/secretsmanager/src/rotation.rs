//! Rotation: what a request may set, and the steps a function is asked for.
//!
//! A rotation under way is the label `AWSPENDING` on a version that is not the current one, and a row that says when it
//! goes on: it survives a restart, and one that fails is tried again.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use kernel::{Arn, Timestamp};
use model_secretsmanager::Error;
use model_secretsmanager::types::RotateSecretInput;
use store::Tx;
use wire::CommonError;

use crate::error::{Failure, invalid, refused};
use crate::keys::{Due, DueSecret};
use crate::labels::{CURRENT, PENDING};
use crate::records::Rotation;
use crate::schedule::Schedule;
use crate::secrets::{Found, Secrets, current, save};

/// What invokes rotation functions.
pub trait Functions: Send + Sync {
    /// Whether this service may invoke a function for a secret.
    fn may_invoke<'a>(&'a self, function: &'a str, secret: &'a Arn) -> BoxFuture<'a, bool>;

    /// Invokes it with one step of a rotation, and says whether it succeeded.
    fn invoke<'a>(&'a self, function: &'a str, step: Step<'a>) -> BoxFuture<'a, bool>;
}

/// One step of a rotation, as the function is told.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// `createSecret`, `setSecret`, `testSecret` or `finishSecret`.
    pub name: &'static str,
    /// The secret.
    pub secret: &'a Arn,
    /// The id of the version that is prepared.
    pub token: &'a str,
}

/// There are no functions yet: none can be invoked.
pub struct NoFunctions;

impl Functions for NoFunctions {
    fn may_invoke<'a>(&'a self, _: &'a str, _: &'a Arn) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    fn invoke<'a>(&'a self, _: &'a str, _: Step<'a>) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }
}

/// The steps, in order.
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
/// A rotation that failed is tried again after this long: often enough to succeed within its window, seldom enough to
/// spare the function.
const RETRY: Duration = Duration::from_secs(3600);
/// After an error of the store the work rests so long: the store says in its log what is wrong.
const REST: Duration = Duration::from_secs(5);

/// A secret's rotation as a request wants it from now on.
pub fn wanted(before: Option<&Rotation>, input: &RotateSecretInput) -> Result<Rotation, Error> {
    let given = input.rotation_lambda_arn.as_deref().filter(|arn| !arn.is_empty());
    let function = given.or(before.map(|rotation| rotation.function.as_str())).unwrap_or_default();
    let mut rotation = Rotation {
        enabled: true,
        function: function.to_owned(),
        days: before.and_then(|rotation| rotation.days),
        duration: before.and_then(|rotation| rotation.duration.clone()),
        schedule: before.and_then(|rotation| rotation.schedule.clone()),
        role: before.and_then(|rotation| rotation.role.clone()),
        metadata: before.map(|rotation| rotation.metadata.clone()).unwrap_or_default(),
        rotated_ms: before.and_then(|rotation| rotation.rotated_ms),
        next_ms: None,
        due_ms: None,
    };
    if let Some(rules) = &input.rotation_rules {
        rotation.days = rules.automatically_after_days;
        rotation.duration.clone_from(&rules.duration);
        rotation.schedule.clone_from(&rules.schedule_expression);
    }
    schedule(&rotation)?;
    if let Some(role) = &input.external_secret_rotation_role_arn {
        rotation.role = Some(role.clone());
    }
    if let Some(items) = &input.external_secret_rotation_metadata {
        let item = |text: &Option<String>| text.clone().unwrap_or_default();
        rotation.metadata = items.iter().map(|entry| (item(&entry.key), item(&entry.value))).collect();
    }
    if rotation.function.is_empty() {
        return Err(refused("No Lambda rotation function ARN is associated with this secret."));
    }
    if rotation.function.parse::<Arn>().is_ok_and(|arn| arn.service() != "lambda") {
        return Err(invalid("RotationLambdaARN must be the ARN of a Lambda function."));
    }
    Ok(rotation)
}

/// The function is not there, or may not be invoked: it is not said which.
pub fn not_invocable() -> Error {
    CommonError::AccessDenied(
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to \
         the principal secretsmanager.amazonaws.com."
            .into(),
    )
    .into()
}

/// The version of a rotation under way.
pub fn under_way(found: &Found) -> Option<&str> {
    let pending = found.secret.labels.get(PENDING)?;
    (found.secret.labels.get(CURRENT) != Some(pending)).then_some(pending)
}

/// Sets when the rotation goes on, in the secret and in the row that wakes the work.
pub fn set_due(tx: &mut Tx, found: &mut Found, due_ms: Option<i64>) {
    let Found { account, region, secret } = found;
    let Some(rotation) = &mut secret.rotation else { return };
    if let Some(before) = std::mem::replace(&mut rotation.due_ms, due_ms) {
        tx.delete(Due::Rotation.row(before, account, region, &secret.name));
    }
    if let Some(due_ms) = due_ms {
        tx.put(Due::Rotation.row(due_ms, account, region, &secret.name), "");
    }
}

/// Plans the next rotation after one at this moment.
pub fn plan_next(tx: &mut Tx, found: &mut Found, moment: Timestamp) -> Result<(), Error> {
    let Some(rotation) = &mut found.secret.rotation else { return Ok(()) };
    let schedule = if rotation.enabled { schedule(rotation)? } else { None };
    let window = schedule.and_then(|schedule| schedule.after(moment));
    rotation.next_ms = window.map(|window| window.closes.millis());
    set_due(tx, found, window.map(|window| window.opens.millis()));
    Ok(())
}

fn schedule(rotation: &Rotation) -> Result<Option<Schedule>, Error> {
    Schedule::read(rotation.days, rotation.duration.as_deref(), rotation.schedule.as_deref())
}

/// Rotates what is due, for ever.
pub async fn run(secrets: Arc<Secrets>) {
    let mut changed = secrets.store.watch(Due::Rotation.all().to_vec());
    loop {
        let now = secrets.clock.now();
        match crate::due::first(&secrets.store, Due::Rotation) {
            Ok(Some(due)) if due.due_ms <= now.millis() => {
                if let Err(error) = rotate(&secrets, &due).await {
                    tracing::error!(?error, secret = due.name, "a rotation could not be done");
                    secrets.clock.sleep(REST).await;
                }
            }
            Ok(next) => crate::due::wait(&secrets.clock, next, &mut changed).await,
            Err(error) => {
                tracing::error!(%error, "the rotations that are due cannot be read");
                secrets.clock.sleep(REST).await;
            }
        }
    }
}

/// Takes all steps of a rotation that is due.
async fn rotate(secrets: &Secrets, due: &DueSecret) -> Result<(), Failure> {
    let now = secrets.clock.now();
    let Some((found, token)) = begin(secrets, due, now).await? else { return Ok(()) };
    let Some(rotation) = &found.secret.rotation else { return Ok(()) };
    let arn = found.arn();
    for name in STEPS {
        if !secrets.functions.invoke(&rotation.function, Step { name, secret: &arn, token: &token }).await {
            tracing::warn!(secret = arn.as_str(), step = name, "a step of a rotation failed");
            return Ok(());
        }
    }
    secrets
        .store
        .transact(|tx| {
            let mut found = current(tx, &found)?;
            // The function has moved the label, or the rotation has not succeeded.
            if found.secret.labels.get(CURRENT) != Some(&token) {
                return Ok(());
            }
            if found.secret.labels.get(PENDING) == Some(&token) {
                found.secret.labels.remove(PENDING);
            }
            if let Some(rotation) = &mut found.secret.rotation {
                rotation.rotated_ms = Some(now.millis());
            }
            plan_next(tx, &mut found, now)?;
            found.secret.changed_ms = now.millis();
            save(tx, &found);
            Ok(())
        })
        .await
}

/// Marks the rotation as begun, and has it tried again should it fail. Nothing if it is not due after all.
async fn begin(
    secrets: &Secrets,
    due: &DueSecret,
    now: Timestamp,
) -> Result<Option<(Found, String)>, Failure> {
    let fresh = secrets.ids.uuid();
    secrets
        .store
        .transact(|tx| {
            let Some(mut found) = crate::due::secret(tx, Due::Rotation, due, |secret| {
                secret.rotation.as_ref().and_then(|rotation| rotation.due_ms)
            })?
            else {
                return Ok(None);
            };
            if found.secret.purge_ms.is_some() {
                set_due(tx, &mut found, Some(now.plus(RETRY).millis()));
                save(tx, &found);
                return Ok(None);
            }
            let token = under_way(&found).map_or_else(|| fresh.clone(), str::to_owned);
            found.secret.labels.insert(PENDING.to_owned(), token.clone());
            set_due(tx, &mut found, Some(now.plus(RETRY).millis()));
            save(tx, &found);
            Ok(Some((found, token)))
        })
        .await
}
